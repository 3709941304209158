"""The training engine: from labelled volumes to a model folder that mednca can use.

    dataset (cases, split)  ->  augmentation  ->  loop (pyramid, losses, checkpoints)  ->  calibrate  ->  report

Everything a run needs to be repeated is in its `Plan`, and everything random is addressed by (seed, iteration,
sample), so that a run resumed from a checkpoint goes on to the same numbers. It imports mednca, never the
other way round, and knows neither Slicer nor Qt.
"""
