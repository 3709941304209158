"""torchio, as every module here takes it: also beside a torch that was built against another numpy, as on a Mac."""

from mednca.nca.tensors import bridge_numpy

bridge_numpy()  # before torchio takes torch's own crossings

import torchio as tio  # noqa: E402

__all__ = ["tio"]
