"""MedNCASegment, the scripted module: click on an organ, get a segmentation, its uncertainty and a verdict.

This file stays thin: the engine is MedNCALib, what touches MRML is MedNCASegmentLib. It imports neither torch nor
anything that Slicer does not bring.
"""

from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)


class MedNCASegment(ScriptedLoadableModule):
    """What Slicer shows of the module before it is opened."""

    def __init__(self, parent):
        super().__init__(parent)
        self.parent.title = _("MedNCA Segment")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = []
        self.parent.contributors = ["The MedNCA developers"]
        self.parent.helpText = _(
            "Click on an organ: a neural cellular automaton of a few thousand parameters segments it, shows where it "
            "is unsure and says whether to trust the result."
        )
        self.parent.acknowledgementText = _(
            "After M3D-NCA and Med-NCA by Kalkhof, Gonz\u00e1lez and Mukhopadhyay, TU Darmstadt."
        )


class MedNCASegmentLogic(ScriptedLoadableModuleLogic):
    """Segments volume nodes; usable from a script without the panel."""

    def segment(self, volumeNode, model, clicks=(), segmentationNode=None, progress=None, **options):
        """Segment a volume node in this process and put the result into the scene.

        model: id of the library, folder, or a loaded `MedNCALib.model.Model`. clicks: points in world RAS mm.
        options: members, seed, device, target_dice, as of `MedNCALib.segment.segment_image`.
        Returns (segmentation node, variance node, `MedNCALib.segment.Segmentation`). Raises
        MedNCALib.errors.MedNCAError with a sentence for the user. Nothing is added to the scene unless the whole
        run succeeded.
        """
        from MedNCALib.images import check_image
        from MedNCALib.library import Library
        from MedNCALib.segment import segment_image
        from MedNCASegmentLib.results import addResult
        from MedNCASegmentLib.volumes import imageFromVolumeNode

        image = check_image(imageFromVolumeNode(volumeNode), volumeNode.GetName())
        loaded = Library().load(model) if isinstance(model, str) else model
        result = segment_image(image, loaded, clicks, progress=progress, **options)
        return *addResult(volumeNode, result, loaded, segmentationNode), result


class MedNCASegmentTest(ScriptedLoadableModuleTest):
    """Self-tests that run in Slicer and, unchanged, on the test host."""

    def runTest(self):
        self.test_segmentPhantom()

    def test_segmentPhantom(self):
        """A phantom goes in, two nodes on its own grid come out."""
        import numpy as np
        import slicer

        from MedNCASegmentLib.results import reportFromNode
        from MedNCASegmentLib.volumes import addVolumeNode, arrayFromVolumeNode

        slicer.mrmlScene.Clear(0)
        like = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "grid")
        k, j, i = np.mgrid[0:36, 0:52, 0:36]
        blob = np.exp(-(((i - 18) / 6) ** 2 + ((j - 26) / 14) ** 2 + ((k - 18) / 6) ** 2))
        volumeNode = addVolumeNode((1000 * blob).astype(np.int16), like, "phantom")
        logic = MedNCASegmentLogic()
        segmentationNode, varianceNode, result = logic.segment(volumeNode, "hippocampus-m3dnca", members=2)
        self.assertEqual(segmentationNode.GetSegmentation().GetNumberOfSegments(), 2)
        self.assertEqual(arrayFromVolumeNode(varianceNode).shape, (36, 52, 36))
        self.assertEqual(reportFromNode(segmentationNode)["members"], 2)
        self.assertEqual(result.findings[0].verdict.color, "grey")  # two members say too little
        self.delayDisplay(_("Test passed"))
