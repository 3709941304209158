"""Cases on disk and in memory: files, fingerprint, samples."""
