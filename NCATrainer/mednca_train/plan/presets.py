"""The plans that made the bundled models, by the models' ids, each with its model's metadata."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mednca.models.description import Label, Preprocessing
from mednca.nca.architecture import Architecture, Level

from .plan import Augmentation, Plan, SecondPhase

_SCT = "SCT"
_TASK04 = r"hippocampus_\d+"  # names of the Decathlon's cases


def _terminology(code: str, meaning: str) -> dict:
    """A coded entry as Slicer and DICOM SEG use them."""
    return {
        "category": {"scheme": _SCT, "code": "123037004", "meaning": "Anatomical Structure"},
        "type": {"scheme": _SCT, "code": code, "meaning": meaning},
    }


@dataclass(frozen=True)
class Preset:
    """A plan and the metadata of its model.

    Attributes:
        plan: of the training.
        metadata: fields of model.json, and its id; they are of a model that was trained with the preset's own cases.
        cases: pattern of these cases' names.
    """

    plan: Plan
    metadata: dict
    cases: str


# The last phase of the hippocampus models.
_MILD = Augmentation(
    shift=4.0, rotation=8.0, scaling=0.08, elastic=0.1, gamma=0.15, noise=0.1, blur=0.05, bias_field=0.08,
    anisotropy=0.05, spike=0.02, ghosting=0.02, motion=0.02,
)  # fmt: skip

_PAPERS = [
    "Kalkhof, Mukhopadhyay: M3D-NCA: Robust 3D Segmentation with Built-in Quality Control. MICCAI 2023.",
    "Kalkhof, Gonzalez, Mukhopadhyay: Med-NCA: Robust and Lightweight Segmentation with Neural Cellular Automata. "
    "IPMI 2023.",
]

HIPPOCAMPUS_M3DNCA = Preset(
    Plan(
        architecture=Architecture(
            family="m3d-nca",
            channels=16,
            hidden=64,
            levels=(Level((2, 2, 2), 7, 10), Level((1, 1, 1), 3, 10)),
            norm="batch",
            labels=2,
        ),
        preprocessing=Preprocessing(spacing=(1.0, 1.0, 1.0), field_of_view=(40.0, 56.0, 42.0), keep_largest=True),
        labels=(
            Label(1, "Anterior hippocampus", (241, 214, 64), _terminology("5366008", "Hippocampus")),
            Label(2, "Posterior hippocampus", (64, 156, 255), _terminology("5366008", "Hippocampus")),
        ),
        field_of_view=(36, 52, 36),
        patch=(24, 24, 24),
        iterations=5000,
        freeze_norm=0.05,
        second_phase=SecondPhase(
            iterations=3500,
            learning_rate=1.5e-3,
            patch=(28, 36, 28),
            augmentation=_MILD,
        ),
    ),
    {
        "id": "hippocampus-m3dnca",
        "name": "Hippocampus (M3D-NCA)",
        "version": "1.1.0",
        "task": "Hippocampus segmentation, anterior and posterior",
        "description": "Anterior (head) and posterior (body and tail) hippocampus in T1-weighted MRI.",
        "authors": "The MedNCA developers",
        "copyright": "The MedNCA developers",
        "license": "CC BY-SA 4.0, as the training data.",
        "terms": None,
        "intended_use": "Research and education. Not a medical device; a person must review every result.",
        "data_source": "Medical Segmentation Decathlon, Task04 Hippocampus, CC BY-SA 4.0 (Antonelli et al., The "
        "Medical Segmentation Decathlon, Nature Communications 2022). The set holds left and right hippocampi of the "
        "same subjects without saying which, so that both of one subject may lie on different sides of the split. "
        "Calibrated and tried, not trained, also with brains of OASIS without their skulls (Marcus et al. 2007; labels "
        "by Neuromorphometrics, CC BY-NC).",
        "limits": "T1-weighted MRI of about 1 mm, of adults. Very strong noise and ghosting break it, and so do the "
        "papers' artifacts, which are stronger than a scanner's: see the card's table of conditions. The border "
        "between anterior and posterior is a convention, and the least certain part. It expects one hippocampus in its "
        "field of view: in a whole head let both sides be found, or click on it.",
        "references": _PAPERS,
        # The training set shows no heads; this is where they lie in the MNI152 brain.
        "seeds": [
            {"position": [0.3, 0.464, 0.333], "side": "left"},
            {"position": [0.7, 0.464, 0.333], "side": "right"},
        ],
    },
    _TASK04,
)

HIPPOCAMPUS_MEDNCA = Preset(
    Plan(
        architecture=Architecture(
            family="med-nca",
            channels=32,
            hidden=128,
            # Sagittal slices: they hold the whole length of the hippocampus, and so the border between its parts.
            levels=(Level((1, 4, 4), 3, 16), Level((1, 1, 1), 3, 16)),
            labels=2,
            slice_axis=0,
        ),
        preprocessing=HIPPOCAMPUS_M3DNCA.plan.preprocessing,
        labels=HIPPOCAMPUS_M3DNCA.plan.labels,
        field_of_view=(36, 52, 36),
        patch=(10, 36, 32),
        batch=2,
        iterations=1400,
        second_phase=SecondPhase(iterations=2000, learning_rate=1.5e-3, patch=(10, 44, 36), augmentation=_MILD),
    ),
    HIPPOCAMPUS_M3DNCA.metadata
    | {
        "id": "hippocampus-mednca",
        "name": "Hippocampus (Med-NCA)",
        "description": "Anterior (head) and posterior (body and tail) hippocampus in T1-weighted MRI, slice by slice.",
    },
    _TASK04,
)

# Scans of unknown scale, with coils or without.
_PROSTATES = Augmentation(
    flip=(0,), shift=12.0, rotation=12.0, scaling=0.3, elastic=0.06, gamma=0.4, noise=0.15, blur=0.1, bias_field=0.45,
    anisotropy=0.1, spike=0.02, ghosting=0.03, motion=0.02,
)  # fmt: skip
_MILD_PROSTATES = replace(
    _PROSTATES,
    shift=10.0,
    rotation=8.0,
    scaling=0.25,
    gamma=0.3,
    noise=0.12,
    blur=0.08,
    bias_field=0.3,
    anisotropy=0.08,
)

PROSTATE_M3DNCA = Preset(
    Plan(
        architecture=Architecture(
            family="m3d-nca",
            channels=32,
            hidden=128,
            levels=(Level((4, 4, 2), 7, 20), Level((1, 1, 1), 3, 10)),
            norm="batch",
            labels=1,
        ),
        preprocessing=Preprocessing(
            spacing=(1.1, 1.1, 2.1),
            percentiles=(0.5, 99.0),
            gamma=0.5,  # coils light up what lies beside them
            field_of_view=(140.0, 140.0, 67.0),
            keep_largest=True,
        ),
        labels=(Label(1, "Prostate", (230, 158, 140), _terminology("41216001", "Prostate")),),
        field_of_view=(128, 128, 32),
        patch=(56, 56, 24),
        foreground_share=0.8,
        batch=2,
        coarse_first=2200,  # it is the coarse level that lacks (docs/experiments.md)
        coarse_weight=0.5,
        iterations=2200,
        freeze_norm=0.02,
        augmentation=_PROSTATES,
        second_phase=SecondPhase(
            iterations=700,
            learning_rate=1.2e-3,
            patch=(44, 44, 18),
            augmentation=_MILD_PROSTATES,
        ),
        validate_every=1450,
        keep="last",
        patience=0,
    ),
    {
        "id": "prostate-m3dnca",
        "name": "Prostate (M3D-NCA)",
        "version": "1.2.0",
        "task": "Prostate segmentation, whole gland",
        "description": "The whole prostate gland in axial T2-weighted MRI, with or without an endorectal coil.",
        "authors": "The MedNCA developers",
        "copyright": "The MedNCA developers",
        "license": "Research use only, as the training data.",
        "terms": "Trained on PROMISE12 (Litjens et al. 2014), whose images are for research use. So are these weights: "
        "not for clinical or commercial use.",
        "intended_use": "Research and education. Not a medical device; a person must review every result.",
        "data_source": "PROMISE12, T2-weighted MRI of four centers (Litjens et al., Evaluation of prostate "
        "segmentation algorithms for MRI, Medical Image Analysis 2014, doi 10.1016/j.media.2013.12.002), "
        "as published by others after cropping and resampling to 128 x 128 x 32 voxels. Their true spacing is lost; "
        "1.1 x 1.1 x 2.1 mm is nominal, so the model was trained over scales.",
        "limits": "Axial T2-weighted MRI of the male pelvis. Base and apex are the least certain parts. Volumes in ml "
        "measured on other images are as good as the outline, but the training set itself had no true scale. Its "
        "figures and its light are those of three models, each on the cases that it had not seen; these weights were "
        "trained with all 38 cases, so that none is left to measure them on. The plan was chosen with eight of these "
        "cases held out.",
        "references": _PAPERS,
    },
    r"prostate_(BIDMC|HK|RUNMC|UCL)_\d+",
)

PRESETS = {preset.metadata["id"]: preset for preset in (HIPPOCAMPUS_M3DNCA, HIPPOCAMPUS_MEDNCA, PROSTATE_M3DNCA)}
