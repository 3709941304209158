"""The training engine: from labeled volumes to a model folder that mednca can use.

    plan/            a run as data: the fingerprint of a data set, the plan proposed for it, the model's metadata
    progress.py      how far work has come, and what its stages are called; validation_report.py: what it came to;
                     kept_rows.py: what was measured, row by row, kept until all of it is
    data/            cases: found, examined, read onto the model's grid, made into samples, degraded
    messages.py      requests to the worker, and its answers
    run_folder.py    what lies in a run's folder; run_lock.py: one worker there at a time; run_view.py: how it does
    training/        the iterations: batches, one pass of the patch pyramid, losses, checkpoints, history
    model/           the model folder: measured, calibrated, described
    training_run.py  a run from its beginning to the model; the command line and the worker call it
    study/           what is claimed of models, measured case by case
    folds.py         a training in which each case is held out once
    worker.py        the engine as a process of its own; commands/: the engine at the terminal; cli.py: their entry

Each imports only what stands above it; `plan`, `data.cases`, `messages`, `run_folder` and `run_lock`, which Slicer's
panel imports, too, need no torch. Everything that a run needs to be repeated is in its `Plan`, and everything random is
addressed by (seed, iteration, sample), so that a run resumed from a checkpoint goes on to the same numbers. It imports
mednca, never the other way round, and knows neither Slicer nor Qt.
"""
