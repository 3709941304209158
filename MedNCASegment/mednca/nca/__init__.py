"""The neural cellular automata: what they are, how they run, and an ensemble of them. Knows arrays and tensors only."""
