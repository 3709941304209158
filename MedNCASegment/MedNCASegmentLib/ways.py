"""Which ways there are to segment a volume without a click, known before anything runs."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _

from mednca.errors import MedNCAError
from mednca.imaging.structures import is_one_field
from mednca.models.description import Description
from mednca.quality.domain import objection_to_image

from .channels import whatLacks
from .messages import objectionText
from .record import whyNoImage
from .sentences import sentenceText
from .volumes import spacingAndExtent


def whyNot(volumeNode: slicer.vtkMRMLScalarVolumeNode | None, model: Description | None) -> tuple[str, str]:
    """Why a model's structures cannot be looked for in a volume, and why that cannot be segmented as a whole.

    Returns:
        Two sentences, each empty where nothing stands against it.
    """
    if volumeNode is None or model is None:
        told = _("Choose a volume and a model first.")
        return told, told
    lacking = whyNoImage(volumeNode) or whatLacks(volumeNode, model)
    if lacking:
        return lacking, lacking
    try:
        spacing, extent = spacingAndExtent(volumeNode)
    except MedNCAError as error:
        return sentenceText(error), sentenceText(error)
    objection = objection_to_image(spacing, extent, model.domain)
    whole = objectionText(objection) if objection else ""
    whole = whole[:1].upper() + whole[1:] + "." if whole else ""
    return whole if objection and objection.key == "spacing" else _whyNotFind(extent, model), whole


def _whyNotFind(extent, model):
    if not model.seeds:
        return _("This model does not say where its organ usually lies: click on it.")
    if is_one_field(model.preprocessing.field_of_view, extent):
        return _("The volume shows little more than one organ: segment it as a whole, or click.")
    return ""
