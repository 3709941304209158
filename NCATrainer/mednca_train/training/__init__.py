"""The optimization: losses, iterations, checkpoints, several distributed."""
