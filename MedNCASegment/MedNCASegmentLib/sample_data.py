"""A head to try the module on: Slicer's own sample MRHead, so that nothing has to be hosted.

Nothing is downloaded before somebody asks for it.
"""

from __future__ import annotations

from pathlib import Path

import slicer
from slicer.i18n import tr as _

from mednca.errors import MedNCAError

CATEGORY, NAME, MODEL = "MedNCA", "MedNCAHead", "hippocampus-m3dnca"
_SHA256 = "cc211f0dfd9a05ca3841ce1141b292898b2dd2d3f08286affadf823a7e58df93"
_URL = f"https://github.com/Slicer/SlicerTestingData/releases/download/SHA256/{_SHA256}"


def registerSampleData(icon: Path) -> None:
    """Show the head in Slicer's Sample Data module, with a picture of this one."""
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category=CATEGORY,
        sampleName=NAME,
        uris=_URL,
        fileNames="MR-head.nrrd",
        nodeNames="MRHead",
        checksums=f"SHA256:{_SHA256}",
        thumbnailFileName=str(icon),
    )


def loadSampleHead() -> slicer.vtkMRMLScalarVolumeNode:
    """Download the head, once, and show it. Raises MedNCAError where that fails."""
    import SampleData

    try:
        return SampleData.downloadSample(NAME)
    except Exception as error:
        told = _("The sample could not be downloaded ({why}); load a T1-weighted head of your own.")
        # Slicer itself notes what went wrong, and then takes the first of no nodes.
        why = _("no connection, or a damaged file; see Slicer's log") if isinstance(error, IndexError) else error
        raise MedNCAError(told.format(why=why)) from error
