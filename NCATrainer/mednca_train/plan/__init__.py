"""The training plan as data: what it may say, what is proposed for a data set, what made the bundled models."""
