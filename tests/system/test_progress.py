"""Progress of a run: on a terminal, in a log, and as messages."""

import fcntl
import io
import math
import os
import struct
import termios
from pathlib import Path

import pytest

from w2v import setting_fields
from w2v.errors import W2VError
from w2v.settings import NegativeSamplingSettings
from w2v.system import cgroups, resources
from w2v.system.progress import Progress, ProgressLine, duration

MOMENT = Progress(
    epoch=2, epochs=5, words=3_000_000, total=10_000_000, seconds=2.0, lr=0.02, loss=2.5
)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_moment_in_words():
    assert str(MOMENT) == (
        "epoch 2/5   30.0%  4.7 s left  1,500,000 words/s  lr 0.020000  loss 2.5000"
    )
    start = Progress(1, 5, 0, 10, 0.0, 0.02, math.nan)
    assert str(start) == "epoch 1/5    0.0%  ? left  0 words/s  lr 0.020000  loss -"


def test_names_in_messages_and_states_cannot_steer_a_terminal(monkeypatch):
    monkeypatch.setattr("w2v.system.progress.INTERVAL", 0.0)
    stream = io.StringIO()
    line = ProgressLine(stream)
    line.say("wrote a\x1b[31m\nb\u202e.txt")
    line.warn("\udcff: 1 café\r")
    line.show("reading \x9b2J")
    assert stream.getvalue() == (
        "wrote a\\x1b[31m\\nb\\u202e.txt\n\\udcff: 1 café\\r\nreading \\x9b2J\n"
    )


def test_a_terminal_shows_one_line_that_is_rewritten(monkeypatch):
    monkeypatch.setattr("w2v.system.progress.REFRESH", 0.0)
    monkeypatch.setenv("COLUMNS", "10")
    stream = Terminal()
    line = ProgressLine(stream)
    line.show("long line that a terminal of ten columns would wrap")
    line.show("short")
    line.say("done")
    line.say("next")
    assert stream.getvalue() == "\rlong line\rshort    \rdone \nnext\n"


def test_a_hidden_state_leaves_an_empty_line(monkeypatch):
    monkeypatch.setattr("w2v.system.progress.REFRESH", 0.0)
    stream = Terminal()
    line = ProgressLine(stream)
    line.hide()
    assert stream.getvalue() == ""
    line.show("half")
    line.hide()
    line.hide()
    assert stream.getvalue() == "\rhalf\r    \r"


def test_the_width_is_that_of_the_terminal_that_the_line_goes_to(monkeypatch):
    monkeypatch.setattr("w2v.system.progress.REFRESH", 0.0)
    monkeypatch.setenv("COLUMNS", "80")
    reading, writing = os.openpty()
    fcntl.ioctl(writing, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 12, 0, 0))
    with os.fdopen(writing, "w") as stream:
        ProgressLine(stream).show("long line that a terminal of twelve columns would wrap")
        assert os.read(reading, 99) == b"\rlong line t"
    os.close(reading)


def test_a_log_gets_a_line_each_interval_and_no_carriage_return(monkeypatch):
    stream = io.StringIO()
    line = ProgressLine(stream)
    for _ in range(1000):
        line.show("too soon")
    monkeypatch.setattr("w2v.system.progress.INTERVAL", 0.0)
    line.show("now")
    line.say("done")
    assert stream.getvalue() == "now\ndone\n"


def test_quiet_is_quiet(monkeypatch):
    monkeypatch.setattr("w2v.system.progress.REFRESH", 0.0)
    stream = Terminal()
    line = ProgressLine(stream, quiet=True)
    line.show("x")
    line.say("y")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (99.9, "99.9 s"),
        (100, "1 min 40 s"),
        (3601, "60 min 01 s"),
        (12000, "3 h 20 min"),
    ],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [(999, "999 bytes"), (1500, "2 KB"), (57e6, "57 MB"), (1.23e9, "1.2 GB"), (5e12, "5000.0 GB")],
)
def test_sizes(size, words):
    assert resources.readable(size) == words


def test_what_the_machine_has():
    assert resources.processors() >= 1
    assert resources.peak_memory() > 10_000_000
    free = resources.available_memory()
    assert free is None or free > 0


V2 = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = "".join(
    f"3{number} 31 0:3{number} {{root}} /sys/fs/cgroup/{name} rw - cgroup cgroup rw,{name}\n"
    for number, name in enumerate(["cpu,cpuacct", "memory"])
)


@pytest.fixture
def containers(monkeypatch, tmp_path):
    """A function that writes files of /proc and cgroups into an empty root, which is then used."""
    monkeypatch.setattr("w2v.system.cgroups._ROOT", tmp_path)

    def write(own, mounts, groups):
        files = {"proc/self/cgroup": own, "proc/self/mountinfo": mounts}
        files |= {f"sys/fs/cgroup/{name}": content for name, content in groups.items()}
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    return write


@pytest.mark.parametrize(
    ("quotas", "processors"),
    [
        ({"": "max", "/a": "max", "/a/b": "max"}, None),
        ({"/a/b": "50000"}, 1),
        ({"/a/b": "150000"}, 2),
        ({"/a": "300000", "/a/b": "max"}, 3),
        ({"": "200000", "/a": "300000", "/a/b": "400000"}, 2),
        ({"/other": "100000", "/a/b/below": "100000"}, None),
    ],
)
def test_the_smallest_quota_of_processors_counts_in_both_versions(containers, quotas, processors):
    containers("0::/a/b\n", V2, {f"{at}/cpu.max": f"{x} 100000\n" for at, x in quotas.items()})
    assert cgroups.processors() == processors
    groups = {}
    for at, quota in quotas.items():
        groups[f"cpu,cpuacct{at}/cpu.cfs_quota_us"] = "-1" if quota == "max" else quota
        groups[f"cpu,cpuacct{at}/cpu.cfs_period_us"] = "100000\n"
    containers("4:memory:/x\n3:cpu,cpuacct:/a/b\n0::/\n", V1.format(root="/"), groups)
    assert cgroups.processors() == processors


@pytest.mark.parametrize(
    ("limits", "free"),
    [
        ({"": ("max", 5, 0), "/a": ("max", 5, 0)}, None),
        ({"/a/b": ("3000", 1000, 0)}, 2000),
        ({"/a/b": ("3000", 1000, 600)}, 2600),  # copies of files give way
        ({"": ("9000", 8500, 0), "/a": ("max", 5, 0), "/a/b": ("3000", 1000, 0)}, 500),
        ({"/a": ("1000", 1200, 0)}, -200),
        ({"/other": ("1000", 900, 0)}, None),
    ],
)
def test_the_smallest_limit_of_memory_counts_in_both_versions(containers, limits, free):
    groups = {}
    for at, (limit, usage, cached) in limits.items():
        groups[f"{at}/memory.max"], groups[f"{at}/memory.current"] = limit, str(usage)
        groups[f"{at}/memory.stat"] = f"anon 3\ninactive_file {cached}\n"
    containers("0::/a/b\n", V2, groups)
    assert cgroups.free_memory() == free
    groups, unlimited = {}, 9223372036854771712
    for at, (limit, usage, cached) in limits.items():
        groups[f"memory{at}/memory.limit_in_bytes"] = limit.replace("max", str(unlimited))
        groups[f"memory{at}/memory.usage_in_bytes"] = str(usage)
        groups[f"memory{at}/memory.stat"] = f"inactive_file 7\ntotal_inactive_file {cached}\n"
    containers("4:memory:/a/b\n3:cpu,cpuacct:/\n0::/\n", V1.format(root="/"), groups)
    found = cgroups.free_memory()
    assert found == free or (free is None and (found is None or found > unlimited // 2))


@pytest.mark.parametrize(
    ("root", "own", "groups"),
    [
        ("/docker/x", "/docker/x", ["."]),
        ("/docker/x", "/docker/x/a", ["a", "."]),
        ("/docker/x", "/", ["."]),
        ("/docker/x", "/docker/xy", ["."]),
        ("/", "/../other", ["."]),
        ("/with\\040blank", "/with blank/a", ["a", "."]),
    ],
)
def test_groups_are_found_where_the_root_is_that_of_a_container(containers, root, own, groups):
    containers(f"5:cpuset:/y\n4:memory:{own}\n", V1.format(root=root), {})
    folders = [path.relative_to(cgroups._ROOT) for _, path in cgroups._groups("memory")]
    assert folders == [Path("sys/fs/cgroup/memory", group) for group in groups]


def test_limits_of_containers_are_those_of_the_process(containers, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    assert resources.processors() == 8  # no /proc at all
    groups = {"a/cpu.max": "300000 100000", "a/memory.max": "3000", "a/memory.current": "1000"}
    containers("0::/a\n", V2, groups)
    assert resources.processors() == 3
    assert resources.available_memory() == 2000
    containers("0::/a\n", V2, {"a/cpu.max": "1600000 100000", "a/memory.max": "900"})
    assert resources.processors() == 8
    assert resources.available_memory() == 0
    containers("", "", {})
    assert resources.available_memory() != 0


@pytest.mark.parametrize("value", [0, 0.5, -3, math.nan, math.inf, 1 << 40])
def test_settings_outside_their_range_are_refused(value):
    with pytest.raises(W2VError, match="--dim .* is out of range: 1 to 65,536"):
        setting_fields.check(NegativeSamplingSettings(dim=value))


def test_the_learning_rate_ends_at_its_ten_thousandth_unless_told():
    assert NegativeSamplingSettings(lr=0.1).lr_at(1.0) == pytest.approx(1e-5)
    assert NegativeSamplingSettings(lr=0.1, min_lr=0.05).lr_at(0.5) == pytest.approx(0.075)
