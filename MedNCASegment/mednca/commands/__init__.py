"""The engine's commands, which `cli` puts together.

options.py      what several commands can be given, and the words that are read of it
shown.py        what they say at their end
models.py       models, export, onnx, import, remove
segmenting.py   segment, bids, review
measuring.py    evaluate, benchmark
"""
