"""The engine: neural cellular automata that segment, say where they are unsure, and whether to trust it.

It runs under any Python with torch, numpy, SimpleITK and safetensors, and knows neither Slicer nor Qt.
The way of the data, one module each:

    images (read, check)  ->  space (model space)  ->  pyramid (cells, firing)  ->  ensemble (mean, variance)
      ->  space (back on the image's voxels)  ->  quality (NQM, verdict)  ->  segment (the result)

`segment.segment_image` is the one function that segments; the module, the command line and the tests call it.
"""

__version__ = "0.1.0"
