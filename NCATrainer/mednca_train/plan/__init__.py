"""A training as data: what a data set is like, the plan, what is proposed, what made the bundled models."""
