"""The Slicer side of the module NCATrainer: what knows MRML, Qt and the scene, and trains nothing itself."""
