"""What the NCATrainer module needs beside its own file: pairs from the scene, the worker's other end, plots, texts."""
