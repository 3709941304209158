"""Stand-in for Slicer's SampleData module: remembers what modules register, and takes a local file for a download."""

import slicer


class SampleDataLogic:
    sources = []  # what was registered, as keyword arguments
    files = {}  # sample name -> what stands here for its download: a function that makes the node
    categories = {}

    @staticmethod
    def registerCustomSampleDataSource(
        category=None, sampleName=None, uris=None, fileNames=None, nodeNames=None, customDownloader=None,
        thumbnailFileName=None, loadFileTypes=None, loadFiles=None, loadFileProperties=None, checksums=None,
        loadFileType=None,
    ):  # fmt: skip
        SampleDataLogic.sources.append({key: value for key, value in locals().items() if value})

    @staticmethod
    def registerCustomSampleDataCategory(category, title=None, **more):
        SampleDataLogic.categories[category] = title


def downloadSample(name):
    if name not in {source["sampleName"] for source in SampleDataLogic.sources}:
        raise RuntimeError(f"no such sample: {name}")
    if name not in SampleDataLogic.files:
        raise IndexError("list index out of range")  # as Slicer's, which notes why in its log
    node = SampleDataLogic.files[name]()
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    return node
