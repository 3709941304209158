"""From trained weights to a model folder: calibration, figures, card."""
