"""The Slicer side of the module MedNCASegment: what knows MRML, Qt and the scene, and computes nothing.

A request goes this way, a file each:

    click_placement -> requests -> worker_client (the engine's own process) -> results -> undo
        volumes: the nodes' voxels and geometry, there and back
        results: segments, maps, record, quality_table
        pairing: which volume, segmentation and clicks belong together

and is looked at by result_view, review and slice_views, in the words of messages. model_chooser and dependencies see
to it that there are a model and the packages to run it.
"""
