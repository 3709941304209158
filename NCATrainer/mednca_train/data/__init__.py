"""Cases: found on disk, examined, read onto the model's grid, made into samples, degraded."""
