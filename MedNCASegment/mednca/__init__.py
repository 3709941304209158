"""The engine: neural cellular automata that segment, say where they are unsure, and whether to trust it.

It runs under any Python from 3.10 on with torch, numpy, SimpleITK, safetensors, pydicom and jsonschema, and knows
neither Slicer nor Qt nor training. The rooms; a file imports from its own room and from those above it in this list:

    errors, axes, content          one kind of error; three values, one an axis; a segment's fingerprint
    files, schema, pool            bytes and JSON, whole or not at all; jobs over several processes
    messages                       what a worker and its program say to each other
    nca, imaging                   the models and their ensemble; images, the canonical image, the grid
    quality                        signals such as NQM, calibration, domain, verdict, hotspots
    models                         model folders and the library of them
    result, scores                 what a segmentation, and measuring a model, say: dataclasses without torch
    canvas, field, field_memory, locate, finding, growth, segment, evaluate, overview
    batch, terminal                many volumes, here or on a cluster; what commands say
    worker, benchmark, commands, cli

The way of the data:

    imaging.reading (read, check)  ->  imaging.geometry (R, A, S axes; spacing; crop; intensity)
      ->  nca.pyramid (cells, firing)  ->  nca.ensemble (mean, variance, mask)
      ->  imaging.geometry (back on the image's voxels)  ->  quality (signals, verdict)  ->  result

`segment.segment_image` is the one function that segments; the module, the command line, the trainer and the tests call
it.
"""

__version__ = "0.2.0"
