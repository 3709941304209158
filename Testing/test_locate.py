"""Clicks beside a structure: the field of view finds it, whole, or says that nothing is near."""

import numpy as np
import pytest
import SimpleITK as sitk

from mednca.imaging.metrics import dice
from mednca.segment import segment_image
from phantoms import ellipsoid, image_of, standout_model

SHAPE, CENTER, RADII = (110, 110, 110), np.array((52.0, 60.0, 50.0)), (6, 16, 7)
FIELD = (36.0, 44.0, 36.0)
RAS = np.diag([-1.0, -1.0, 1.0])


@pytest.fixture(scope="module")
def model():
    return standout_model(field_of_view=FIELD)


@pytest.fixture(scope="module")
def head():
    """An organ in flat noise that never stands out, in an image whose RAS mm are its voxels."""
    organ = ellipsoid(SHAPE, CENTER, RADII)
    noise = np.random.default_rng(0).uniform(-1, 1, SHAPE)
    return image_of((noise + 12 * organ).astype(np.float32), direction=RAS), organ


def _found(image, model, click):
    result = segment_image(image, model, [click], members=5)
    return result.findings[0], sitk.GetArrayFromImage(result.labels).transpose(2, 1, 0) > 0


@pytest.mark.parametrize("distance", [8, 14, 20])
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_click_beside_the_organ_finds_all_of_it(head, model, distance, axis, sign):
    """Also where the first field cuts it, or does not hold it at all."""
    image, organ = head
    finding, mask = _found(image, model, CENTER + sign * distance * np.eye(3)[axis])
    assert dice(mask, organ) > 0.98 and finding.objection is None
    assert finding.distance_mm == pytest.approx(max(distance - RADII[axis] - 0.5, 0), abs=1)


def test_what_lies_too_far_is_not_what_was_clicked(head, model):
    """Just inside the field's edge, 18 mm off: it is shown, without a verdict. Farther off nothing is found."""
    image, organ = head
    near, mask = _found(image, model, CENTER + (0, 0, 23.5))
    assert near.objection.key == "far" and near.distance_mm > 15 and dice(mask, organ) > 0.98
    far, mask = _found(image, model, CENTER + (0, 0, 45))
    assert far.objection.key == "nothing" and not mask.any()
