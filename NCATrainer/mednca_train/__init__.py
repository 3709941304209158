"""The training engine: from labelled volumes to a model folder that mednca can use.

It imports mednca, never the other way round, and knows neither Slicer nor Qt. The rooms, a file of which imports from
its own and those above it:

    plan        a run as data: the plan, the fingerprint of a data set, what is proposed for it, presets; without torch
    data        labelled volumes on disk, their augmentation and artifacts
    training    the loop: batches, patches through the pyramid, losses, checkpoints, fine-tuning, several processes
    model       from weights to a model folder: measured, calibrated, described
    run_folder  what lies in a run's folder
    worker, cli

The way of the data:

    data (cases, split)  ->  plan  ->  data (augmentation)  ->  training (checkpoints)  ->  model (calibration, folder)

Everything a run needs to be repeated is in its `Plan`, and everything random is addressed by (seed, iteration, sample),
so that a run resumed from a checkpoint goes on to the same numbers.
"""
