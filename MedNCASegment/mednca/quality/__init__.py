"""How far a result can be trusted: signals, their calibration, the verdict, and where to look."""
