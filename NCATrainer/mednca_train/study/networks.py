"""U-Nets, MONAI's, on this project's grids: what an NCA is compared with. 2D ones see slices, as Med-NCA does.

They are written and read as a folder, like a model, with neither calibration nor card; a study makes them for itself.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from safetensors.torch import load, save

from mednca.axes import triple
from mednca.errors import MedNCAError
from mednca.files import explained, write_bytes, write_json
from mednca.imaging.geometry import CanonicalImage, Grid, normalize
from mednca.imaging.structures import largest_piece
from mednca.models.description import Label, Preprocessing
from mednca.nca.labels import to_labels
from mednca.nca.tensors import to_numpy, to_tensor
from mednca.schema import read_json

_JSON, _WEIGHTS = "network.json", "network.safetensors"
_LEVELS, _MOST_FILTERS, _LEAST = 5, 320, 4  # resolutions at most; as nnU-Net has it; cells along a side at the bottom
_PRIOR = 0.05  # that an untrained network gives every voxel; with 0.5 it calls all of them the organ for 150 iterations


@dataclass(frozen=True)
class Spec:
    """A U-Net as data.

    Attributes:
        filters: of the first level; each coarser one has twice as many.
        strides: of each level, along R, A, S; the first one is 1.
        labels: outputs.
        slice_axis: 0, 1 or 2 (R, A, S), along which a 2D one sees nothing; None in 3D.
    """

    filters: int
    strides: tuple[tuple[int, int, int], ...]
    labels: int
    slice_axis: int | None = None

    @classmethod
    def for_field(
        cls, field: tuple[int, int, int], spacing: tuple[float, float, float], filters: int, labels: int,
        slice_axis: int | None = None,
    ) -> Spec:  # fmt: skip
        """Halve, as nnU-Net does, what is fine and long enough, until nothing is or there are enough levels.

        Args:
            field: voxels of a training crop.
            spacing: mm.
            filters, labels, slice_axis: as of the class.
        """
        size, mm, strides = list(field), list(spacing), [(1, 1, 1)]
        while len(strides) < _LEVELS:
            seen = [axis for axis in range(3) if axis != slice_axis]
            finest = min(mm[axis] for axis in seen)
            halved = [axis for axis in seen if size[axis] >= 2 * _LEAST and mm[axis] < 2 * finest]
            step = triple(2 if axis in halved else 1 for axis in range(3))
            if step == (1, 1, 1):
                break
            strides.append(step)
            size, mm = [n // s for n, s in zip(size, step, strict=True)], [m * s for m, s in zip(mm, step, strict=True)]
        return cls(filters, tuple(strides), labels, slice_axis)

    def build(self) -> torch.nn.Module:
        """The network, its weights drawn anew; see `logits` for what it takes.

        Its last biases say that an organ is rare, as those of RetinaNet do (Lin et al. 2017, section 4.1).
        """
        try:
            from monai.networks.nets.dynunet import DynUNet
        except ImportError as error:
            raise MedNCAError(
                "A U-Net needs MONAI; install it, in MedNCA's unpacked repository, with: pip install '.[study]'."
            ) from error
        axes = [axis for axis in range(3) if axis != self.slice_axis]
        strides = [[step[axis] for axis in axes] for step in self.strides]
        filters = [min(self.filters * 2**level, _MOST_FILTERS) for level in range(len(strides))]
        kernels = [[3] * len(axes)] * len(strides)
        network = DynUNet(len(axes), 1, self.labels, kernels, strides, strides[1:], filters, norm_name="instance")
        torch.nn.init.constant_(network.get_parameter("output_block.conv.conv.bias"), math.log(_PRIOR / (1 - _PRIOR)))
        return network

    def logits(self, network: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
        """Run the network on images of any size, whose edges go on outward to one that its strides divide.

        Args:
            network: of `build`.
            images: (B, R, A, S), normalized.

        Returns:
            (B, R, A, S, labels).
        """
        unit = np.prod(self.strides, axis=0)
        lacks = [-n % int(u) for n, u in zip(images.shape[1:], unit, strict=True)]
        padding = [n for lack in reversed(lacks) for n in (0, lack)]
        padded = torch.nn.functional.pad(images[:, None], padding, mode="replicate") if any(lacks) else images[:, None]
        inside = tuple(slice(0, n) for n in images.shape[1:])
        if self.slice_axis is None:
            return network(padded).movedim(1, -1)[(slice(None), *inside)]
        slices = padded.movedim(self.slice_axis + 2, 1)  # (B, slices, 1, ...)
        found = network(slices.flatten(0, 1)).unflatten(0, slices.shape[:2])  # (B, slices, labels, ...)
        return found.movedim(1, self.slice_axis + 2).movedim(1, -1)[(slice(None), *inside)]


@dataclass
class Network:
    """A U-Net that was trained.

    Attributes:
        id: of its folder.
        spec: of the network.
        preprocessing, labels: as a model's.
        info: as a model's; its "training" has the split.
        network: with its weights, in evaluation mode.
        sha256: of the weights' file.
    """

    id: str
    spec: Spec
    preprocessing: Preprocessing
    labels: tuple[Label, ...]
    info: dict
    network: torch.nn.Module
    sha256: str = ""

    @property
    def parameter_count(self) -> int:
        """Trainable numbers."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    def save(self, folder: Path) -> None:
        """Write it to a folder. Raises MedNCAError where that cannot be."""
        data = save(weights_of(self.network))
        self.sha256 = hashlib.sha256(data).hexdigest()
        with explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
        write_bytes(folder / _WEIGHTS, data)
        described = {
            "spec": asdict(self.spec),
            "preprocessing": asdict(self.preprocessing),
            "labels": [asdict(label) for label in self.labels],
            "info": self.info,
            "sha256": self.sha256,
        }
        write_json(folder / _JSON, described)

    def segment(self, image: sitk.Image, click: tuple[float, float, float] | None) -> np.ndarray:
        """Segment as an NCA does: a field of view around the click, moved once onto what was found, or the whole image.

        Args:
            image: a checked image.
            click: RAS mm; None for an image of about one field of view.

        Returns:
            Label values, (k, j, i), on the image's voxels.
        """
        canonical, p = CanonicalImage.of(image), self.preprocessing
        if click is None or p.field_of_view is None:
            return self._within(canonical, Grid.whole(canonical, p.spacing), image)
        center = canonical.index_of(click)
        for last in (False, True):
            grid = Grid.around(canonical, p.spacing, center, p.field_of_view)
            found = self._labels(grid.extract(canonical.array))
            if last or not found.any():
                break
            center = grid.image_index(np.argwhere(found).mean(0))
        return self._within(canonical, grid, image)

    def _within(self, canonical: CanonicalImage, grid: Grid, image: sitk.Image) -> np.ndarray:
        shape = canonical.array.shape
        probability = self._probability(grid.extract(canonical.array))
        whole = np.zeros(shape, np.uint8)
        whole[grid.region(shape)] = self._to_labels(grid.insert(probability, shape))
        return sitk.GetArrayFromImage(canonical.restore(whole, image))

    def _labels(self, array: np.ndarray) -> np.ndarray:
        return self._to_labels(self._probability(array))

    def _probability(self, array: np.ndarray) -> np.ndarray:
        """(R, A, S, labels), float32."""
        normal = normalize(array, self.preprocessing.percentiles, self.preprocessing.gamma)
        with torch.inference_mode():
            return to_numpy(torch.sigmoid(self.spec.logits(self.network, to_tensor(normal)[None]))[0])

    def _to_labels(self, probability: np.ndarray) -> np.ndarray:
        """Label values, where a model would have them."""
        found = np.array([0, *(label.value for label in self.labels)], np.uint8)[to_labels(probability)]
        chosen = self.preprocessing.keep_largest and found.any()
        return np.where(largest_piece(found > 0), found, 0) if chosen else found


def weights_of(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Each parameter once: MONAI's U-Nets hold theirs under two names."""
    return {name: parameter.detach().contiguous() for name, parameter in network.named_parameters()}


def set_weights(network: torch.nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """Put back what `weights_of` gave. Raises KeyError or RuntimeError where they are another network's."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(weights[name])


def holds_network(folder: Path) -> bool:
    """Whether a folder is a network's."""
    return (folder / _JSON).is_file()


def load_network(folder: Path) -> Network:
    """Read what `Network.save` wrote.

    Raises:
        MedNCAError: it cannot be read, or its weights are others.
    """
    data = read_json(folder / _JSON)
    with explained(folder):
        weights = (folder / _WEIGHTS).read_bytes()
    if hashlib.sha256(weights).hexdigest() != data["sha256"]:
        raise MedNCAError("{folder} has other weights than it says.", folder=folder)
    spec = Spec(**data["spec"] | {"strides": tuple(map(triple, data["spec"]["strides"]))})
    network = spec.build()
    set_weights(network, load(weights))
    labels = tuple(Label.from_json(label) for label in data["labels"])
    return Network(
        folder.name, spec, Preprocessing.from_json(data["preprocessing"]), labels, data["info"],
        network.eval().requires_grad_(False), data["sha256"],
    )  # fmt: skip
