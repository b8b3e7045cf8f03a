"""Versions of Python and of the packages that training depends on, here and on the workers."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping
from importlib.metadata import version

from w2v import __version__
from w2v.system.progress import plural

PACKAGES = "numpy", "numba"  # with other versions, kernels may round differently
MAX_NAMED = 3  # maximum number of workers that an error names for each version

# The version of each name of `here`; None if it is missing.
Versions = Mapping[str, str | None]


def here() -> Versions:
    """The versions of this process."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {"Python": python, "w2v": __version__} | {name: version(name) for name in PACKAGES}


def of_report(packages: Mapping[str, str | None]) -> Versions:
    """The versions of a worker, from the packages in its report to Dask.

    The report does not know the version of w2v if w2v was not installed by pip. Then the plugin of
    the run checks it.
    """
    python = ".".join(str(packages.get("python")).split(".")[:2])
    versions = {"Python": python, "w2v": packages.get("w2v") or __version__}
    return versions | {name: packages.get(name) for name in PACKAGES}


def differences(wanted: Versions, workers: Mapping[str, Versions]) -> str:
    """Describe the workers whose versions are not the wanted ones, for an error; "" if all are.

    wanted   the versions of the main process
    workers  the versions of each worker, by its address
    """
    parts = []
    for name, needed in wanted.items():
        addresses: dict[str | None, list[str]] = defaultdict(list)
        for address, versions in workers.items():
            if versions[name] != needed:
                addresses[versions[name]].append(address)
        for found, holders in addresses.items():
            others = len(holders) - MAX_NAMED
            named = ", ".join(sorted(holders)[:MAX_NAMED])
            named += f" and {plural(others, 'other worker')}" if others > 0 else ""
            parts.append(f"{name} {needed} here, {found or 'none'} at {named}")
    if not parts:
        return ""
    return f"{'; '.join(parts)}: install the same versions here and on every worker"
