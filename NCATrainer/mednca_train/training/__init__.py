"""The optimization: losses, iterations, checkpoints, several processes."""
