"""Tables of measurements, with rows for each kind of processor and a description of it below.

A table of the manual looks like this. The first column names the kind of processor. A line under
the table describes the machine: cores, caches, versions of the programs, and the date.

    | processor | | seconds |
    |---|---|---|
    | Intel Cascade Lake | skip-gram, w2v | 16.3 |

    - Intel Cascade Lake: Intel(R) Xeon(R) Processor @ 2.50GHz, 2 cores, L2 1 MB each, …
"""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

_COLUMN = "processor"
_INTEL = {85: "Skylake", 106: "Ice Lake", 108: "Ice Lake", 143: "Sapphire Rapids",
          173: "Granite Rapids", 207: "Emerald Rapids"}  # fmt: skip
_AMD = {23: "Zen 2", 25: "Zen 3 or 4", 26: "Zen 5"}
_OURS = ("numba", "numpy", "scipy")
_PEERS = ("gensim", "fasttext", "scikit-learn", "tomotopy", "torch")


def processor() -> tuple[str, str]:
    """The short name of this machine's kind of processor, and a line that describes the machine."""
    fields = dict(
        (part.strip() for part in line.split(":", 1))
        for line in Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
        if ":" in line
    )
    model = fields.get("model name", platform.machine())
    name = _kind(fields) or model
    caches = ", ".join(f"L{level} {size}" for level, size in _caches())
    versions = ", ".join(f"{package} {version(package)}" for package in _OURS)
    blas = os.environ.get("OPENBLAS_CORETYPE")
    blas = f", OPENBLAS_CORETYPE={blas} where a row says so" if blas else ""
    today = datetime.datetime.now(datetime.UTC).date()
    return name, (
        f"{model}, {os.cpu_count()} cores, {caches}; Python {platform.python_version()}, "
        f"{versions}{blas}; {today}"
    )


def _kind(fields: dict[str, str]) -> str:
    """The microarchitecture of a server processor, from /proc/cpuinfo; "" if it is unknown."""
    vendor, family = fields.get("vendor_id"), int(fields.get("cpu family", 0))
    number, stepping = int(fields.get("model", 0)), int(fields.get("stepping", 0))
    if vendor == "GenuineIntel" and number in _INTEL:
        return "Intel " + ("Cascade Lake" if number == 85 and stepping >= 5 else _INTEL[number])
    if vendor == "GenuineIntel" and "amx_tile" in fields.get("flags", "").split():
        return "Intel Xeon with AMX"  # some virtual machines hide the model
    if vendor == "AuthenticAMD" and family in _AMD:
        return f"AMD {_AMD[family]}"
    return ""


def _caches() -> list[tuple[str, str]]:
    """Level and size of each cache of the first core that holds data."""
    caches = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = (
            (index / part).read_text().strip() for part in ("level", "type", "size")
        )
        if kind != "Instruction":
            caches.append((level, size))
    return caches


def peer_versions(python: Path) -> str:
    """The versions of the peers installed for the interpreter `python`; "" if it is missing."""
    if not python.exists():
        return ""
    code = f"""
from importlib.metadata import PackageNotFoundError, version
for name in {_PEERS!r}:
    try:
        print(name, version(name))
    except PackageNotFoundError:
        pass
"""
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return ", ".join(done.stdout.splitlines())


def merge(old: str, table: str, name: str, description: str) -> str:
    """A part of the manual in which the rows of one processor are replaced by a new table.

    old          the part until now: a table and the lines that describe processors, or ""
    table        the new table in Markdown, without the column for the processor
    name         short name of the processor
    description  the line that describes it
    Rows of other processors stay if the table has the same columns, and are dropped otherwise.
    """
    head, rule, *rows = table.splitlines()
    head, rule = f"| {_COLUMN} {head}", f"|---{rule}"
    before = old.splitlines()
    if head in before:
        kept = [row for row in before if row.startswith("| ") and row != head]
        lines = [line for line in before if line.startswith("- ")]
    else:
        kept, lines = [], []
    rows = [row for row in kept if not row.startswith(f"| {name} |")] + [
        f"| {name} {row}" for row in rows
    ]
    lines = [line for line in lines if not line.startswith(f"- {name}: ")]
    lines.append(f"- {name}: {description}")
    rows.sort(key=lambda row: row.split("|")[1])
    return "\n".join([head, rule, *rows, "", *sorted(lines)])
