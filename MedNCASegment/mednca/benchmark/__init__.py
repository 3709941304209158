"""Seconds and memory of the cells, beside the papers' text written down plainly."""
