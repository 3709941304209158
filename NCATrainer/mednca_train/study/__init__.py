"""Studies: what is claimed of models, measured by one command; a study is data."""
