"""The training engine: from labelled volumes to a model folder that mednca can use.

    plan/            a run as data: the fingerprint of a data set, the plan proposed for it, the model's metadata
    data/            cases: found, examined, read onto the model's grid, made into samples, degraded
    training/        the iterations: batches, one pass of the patch pyramid, losses, checkpoints, history
    model/           the model folder: measured, calibrated, described
    run_folder.py    what lies in a run's folder
    training_run.py  a run from its beginning to the model; the command line and the worker call it

Each imports only what stands above it; `plan`, `data.cases`, `data.examine`, `run_folder`, `run_lock` and `messages`,
which Slicer's panel imports, too, need no torch. Everything that a run needs to be repeated is in its `Plan`, and
everything random is addressed by (seed, iteration, sample), so that a run resumed from a checkpoint goes on to the same
numbers. It imports mednca, never the other way round, and knows neither Slicer nor Qt.
"""
