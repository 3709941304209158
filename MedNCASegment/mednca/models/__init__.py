"""A model folder: what it says about itself, its weights, and the library of all that are at hand."""
