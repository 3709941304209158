"""From trained weights to a model folder: how good it is, its calibration, its card, and what of names it may hold."""
