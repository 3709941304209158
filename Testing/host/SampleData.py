"""Stand-in for Slicer's SampleData module: remembers what modules register, downloads nothing."""


class SampleDataLogic:
    sources = []  # what was registered, as keyword arguments
    categories = {}

    @staticmethod
    def registerCustomSampleDataSource(**source):
        SampleDataLogic.sources.append(source)

    @staticmethod
    def registerCustomSampleDataCategory(category, title=None, **more):
        SampleDataLogic.categories[category] = title


def downloadSample(name):
    raise RuntimeError(f"the host downloads nothing: {name}")
