#!/usr/bin/env python3
"""Time and peak memory of counting a text with many types, which is read from a pipe.

python tests/bench/counting.py [TYPES]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

LINES = 100_000  # lines written at a time


def main() -> None:
    """Pipe lines of four words to `w2v vocab`. One word of each line is in no other line."""
    types = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000_000
    began = time.monotonic()
    command = [Path(sys.executable).with_name("w2v"), "vocab", "-", "-o", os.devnull]
    child = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert child.stdin
    for first in range(0, types, LINES):
        numbers = range(first, min(first + LINES, types))
        lines = [b"the of t%d and" % (n * 2654435761 % (1 << 40)) for n in numbers]
        child.stdin.write(b"\n".join(lines) + b"\n")
    child.stdin.close()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    print(f"exit {child.returncode}, {seconds:.1f} s, {usage.ru_maxrss / 1e6:.2f} GB at most")


if __name__ == "__main__":
    main()
