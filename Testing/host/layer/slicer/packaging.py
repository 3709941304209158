"""Stand-in for slicer.packaging: the real signatures, and never the network.

What is installed is looked up; what would be installed is recorded in `installed` and handed to `installer`, which a
test may set. Without one, installing raises.
"""

import importlib.metadata
from pathlib import Path
from subprocess import CalledProcessError

import slicer
from packaging.requirements import Requirement

installed = []  # what pip_install was asked for: lists of requirements, as text
installer = None  # a function of (list of requirements, options)
present = None  # a function of one Requirement that says whether it is satisfied, for tests of missing packages


def load_requirements(path):
    lines = (line.strip() for line in Path(path).read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def _requirements(given):
    given = given.split() if isinstance(given, str) else given
    given = [given] if isinstance(given, Requirement) else given
    return [Requirement(one) if isinstance(one, str) else one for one in given]


def _is_present(requirement):
    if present is not None:
        return present(requirement)
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    try:
        return requirement.specifier.contains(importlib.metadata.version(requirement.name), prereleases=True)
    except importlib.metadata.PackageNotFoundError:
        return False


def pip_check(req, _seen=None):
    return all(_is_present(requirement) for requirement in _requirements(req))


def isPipInstallInProgress():
    return False


def pip_install(
    requirements,
    constraints=None,
    no_deps_requirements=None,
    skip_packages=None,
    blocking=True,
    show_progress=True,
    requester=None,
    logCallback=None,
    completedCallback=None,
):
    wanted = requirements.split() if isinstance(requirements, str) else [str(one) for one in requirements]
    installed.append(wanted)
    if installer is None:
        raise CalledProcessError(1, ["pip", "install", *wanted])
    installer(wanted, {"constraints": constraints, "skip_packages": skip_packages, "requester": requester})
    if completedCallback is not None:
        completedCallback(0)
    return [] if skip_packages else None


def pip_uninstall(requirements, blocking=True, logCallback=None, completedCallback=None):
    raise CalledProcessError(1, ["pip", "uninstall", str(requirements)])


def pip_ensure(
    requirements,
    constraints=None,
    skip_packages=None,
    prompt_install=True,
    prompt_restart=True,
    requester=None,
    skip_in_testing=True,
    show_progress=True,
):
    missing = [str(one) for one in _requirements(requirements) if not _is_present(one)]
    if not missing or (skip_in_testing and slicer.app.testingEnabled()):
        return None
    question = f"{requester or 'A module'} needs to install: {', '.join(missing)}"
    if prompt_install and not slicer.util.confirmOkCancelDisplay(question):
        raise RuntimeError("User declined installation")
    return pip_install(missing, constraints=constraints, skip_packages=skip_packages, requester=requester)
