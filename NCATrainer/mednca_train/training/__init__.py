"""The iterations of a training: batches, one pass of the patch pyramid, losses, checkpoints, history, distributed."""
