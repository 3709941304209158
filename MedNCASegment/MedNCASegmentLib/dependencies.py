"""What the worker needs beside Slicer: torch through the PyTorch extension, two small packages by pip.

Nothing is imported to find out, so that torch stays out of Slicer's process. Once all is there, nothing here touches
the network.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
import tempfile
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from mednca.errors import MedNCAError

try:
    from packaging.requirements import Requirement
except ImportError:  # Slicer always has pip, which carries its own
    from pip._vendor.packaging.requirements import Requirement

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_TORCH = ">=2.1"
# What is installed. From 2.13 on the files of torch have paths that are too long for Windows; one that is there works.
TORCH_REQUIREMENT = f"{_TORCH},<2.13" if sys.platform == "win32" else _TORCH
_BROUGHT = ("numpy", "scipy", "SimpleITK", "torch")
_installing = False


class Declined(MedNCAError):
    """The user was asked, and does not want it: that needs no second dialog."""


def missingPackages(requirements: Path = REQUIREMENTS) -> dict[str, str]:
    """The packages that are not installed, or are too old: {name: the same for people}."""
    needed = [Requirement(f"torch{_TORCH}"), *_requirementsOf(requirements)]
    return {each.name: _wording(each) for each in needed if not _isThere(each)}


def _requirementsOf(file):
    lines = file.read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]


def _isThere(requirement):
    """Whether a package can be imported, in a version that will do; one that tells no version is taken at its word."""
    version = _versionOf(requirement.name)
    isFound = importlib.util.find_spec(requirement.name) is not None
    return isFound and (version is None or requirement.specifier.contains(version, prereleases=True))


def _versionOf(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _wording(requirement):
    version = _versionOf(requirement.name)
    if version is None or requirement.specifier.contains(version, prereleases=True):
        return requirement.name
    return _("{name} {needed} (now {version})").format(
        name=requirement.name, needed=requirement.specifier, version=version
    )


def ensureDependencies(requirements: Path = REQUIREMENTS) -> None:
    """Install what is missing and renew what is too old, after asking once.

    Args:
        requirements: the file that lists the packages beside torch, one a line, as NAME>=VERSION.

    Raises:
        Declined: where the user does not want it.
        MedNCAError: with the reason where something stays missing or too old; before anything is asked where it could
            not be installed.
    """
    global _installing
    missing = missingPackages(requirements)
    if not missing:
        return
    if _installing:  # Slicer goes on answering while it installs
        raise MedNCAError(_("The packages are being installed; wait until that is done."))
    utilities = _torchUtilities() if "torch" in missing else None
    _installing = True
    try:
        _ask(", ".join(missing.values()))
        with slicer.util.WaitCursor():
            _installAll(missing, requirements, utilities)
    finally:
        _installing = False


def _ask(names):
    """Raises Declined where the user does not want it."""
    text = _(
        "MedNCA needs Python packages that are not installed yet, or are too old: {names}.\n\n"
        "They are downloaded once (PyTorch: 100 to 200 MB, with support for NVIDIA cards 2 to 3 GB; the others: "
        "1 MB, to train some tens) and take 0.5 to 6 GB on disk. Afterward MedNCA works offline. Install them now?"
    )
    if not slicer.util.confirmOkCancelDisplay(text.format(names=names), windowTitle=_("MedNCA")):
        raise Declined(_("{names} not installed; nothing can be segmented or trained without.").format(names=names))


def _installAll(missing, requirements, utilities):
    if utilities:
        _installTorch(utilities)
    if set(missing) - {"torch"}:
        _install(requirements)
    importlib.invalidate_caches()
    still = ", ".join(missingPackages(requirements).values())
    if still:
        told = _("The installation ended, but {names} cannot be found. Restart Slicer and try again.")
        raise MedNCAError(told.format(names=still))


def _torchUtilities():
    """The PyTorch extension, which chooses the right build for the machine. Raises MedNCAError where it is missing."""
    try:
        import PyTorchUtils
    except ImportError as error:
        raise MedNCAError(
            _(
                "PyTorch is not installed, and neither is the PyTorch extension that installs it. "
                "Add the extension PyTorch in the Extensions Manager, restart Slicer, then try again."
            )
        ) from error
    return PyTorchUtils


def _installTorch(utilities):
    """(The extension also imports torch into Slicer, in the one session that installs it; nothing here uses it.)"""
    try:
        torch = utilities.PyTorchUtilsLogic().installTorch(
            askConfirmation=False, torchVersionRequirement=TORCH_REQUIREMENT
        )
    except Exception as error:
        raise MedNCAError(_("PyTorch could not be installed: {cause}").format(cause=error)) from error
    if torch is None:
        raise MedNCAError(_("PyTorch was not installed; see the Python console for the reason."))


def _install(file):
    try:
        import slicer.packaging as packaging  # Slicer 5.12 and later
    except ImportError:
        packaging = None
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "constraints.txt"
        kept.write_text("".join(_asTheyAre()), encoding="utf-8")
        try:
            if packaging:
                requirements = packaging.load_requirements(file)
                packaging.pip_ensure(
                    requirements, constraints=kept, prompt_install=False, prompt_restart=False, requester="MedNCA"
                )
            else:
                slicer.util.pip_install(["-r", str(file), "-c", str(kept)])
        except Exception as error:
            raise MedNCAError(_("The Python packages could not be installed: {cause}").format(cause=error)) from error


def _asTheyAre():
    """Lines that hold pip to the packages that Slicer, or its PyTorch extension, brought: replaced by others of the
    same name they would no longer be what Slicer needs."""
    for name in _BROUGHT:
        if version := _versionOf(name):
            yield f"{name}=={version}\n"
