"""Windows, simulated: what it lacks is taken away, and no file that is open can be replaced.

Nobody has run w2v on Windows yet. These tests show only that it meets the differences that we know.
"""

import errno
import fcntl
import ntpath
import os
import re
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from helpers import compiled, finish, make_run, open_files, stop_at

import w2v as library
from w2v import cli
from w2v.cli import streams
from w2v.embeddings import container, formats
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system import (
    atomic_file,
    locks,
    remote_files,
    resources,
    scratch,
    signals,
    spooled_array,
    windows_memory,
)

MISSING = (
    "getuid", "geteuid", "posix_fadvise", "posix_fallocate", "pread", "pwrite",
    "sched_getaffinity",
)  # fmt: skip
TEXT = "the king rules the land and the queen rules the land with the king\n" * 60
TRAIN = ("train", "text", "--dim", 4, "--min-count", 1, "--epochs", 2, "--threads", 1, "--seed", 1)

pytestmark = pytest.mark.skipif(
    not os.path.isdir("/proc/self/fd"), reason="open files are found in /proc"
)


def is_open(path):
    """Whether this process has a file open or mapped."""
    path = os.path.realpath(path)
    mapped = re.findall(r"(?m) (/.*)$", Path("/proc/self/maps").read_text())
    return path in open_files() or path in mapped


@pytest.fixture
def windows(folder, monkeypatch):
    """A folder in which files behave as on Windows, and a process without what Windows lacks."""
    for module in (atomic_file, locks, remote_files, signals):
        monkeypatch.setattr(module, "WINDOWS", True)
    for name in MISSING:
        monkeypatch.delattr(os, name, raising=False)
    monkeypatch.setattr(locks, "fcntl", None)
    monkeypatch.setattr(locks, "msvcrt", types.SimpleNamespace(LK_NBLCK=2, locking=lock_byte))
    monkeypatch.setattr(resources, "resource", None)
    for name in ("replace", "rename", "unlink", "remove"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name), folder))
    (folder / "text").write_text(TEXT)
    return folder


def lock_byte(descriptor, mode, size):
    """`msvcrt.locking`, by another lock of the whole file."""
    assert os.lseek(descriptor, 0, os.SEEK_CUR) > 1 << 30, "a reader could not read this byte"
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise PermissionError(errno.EACCES, "Permission denied") from None


def refusing(function, folder):
    """A function of files that fails as on Windows where one of the files is open."""

    def call(*paths, **options):
        for path in paths:
            if os.path.realpath(path).startswith(f"{folder}/") and is_open(path):
                raise PermissionError(errno.EACCES, "Access is denied", str(path))
        return function(*paths, **options)

    return call


def test_the_simulation_refuses_what_is_open_or_mapped(windows):
    with open("text", "rb"), pytest.raises(PermissionError):
        os.replace("text", "other")
    (windows / "vectors").write_bytes(bytes(100))
    with pytest.raises(PermissionError), open("vectors", "rb"):
        os.unlink("vectors")
    os.unlink("vectors")


@compiled
def test_commands_work_without_what_windows_lacks(windows, w2v, monkeypatch):
    monkeypatch.setattr(spooled_array, "IN_MEMORY", 64)  # so that ids are in a file
    monkeypatch.setattr("tempfile.tempdir", str(windows))
    expected = w2v(*TRAIN)
    assert expected.code == 0, expected.err
    again = w2v(*TRAIN)  # replaces the file
    assert again.code == 0, again.err
    for command in (
        ("similar", "king"),
        ("convert", "vectors.safetensors", "v.bin"),
        ("convert", "v.bin", "v.txt"),
        ("train", "text", "--model", "lda", "--topics", 2, "--min-df", 1, "-o", "t.safetensors"),
        ("topics", "t.safetensors"),
        ("topics", "--sweep", "2,3", "text", "--min-df", 1, "--epochs", 2),
        (*TRAIN, "--update", "vectors.safetensors", "-o", "u.safetensors"),
    ):
        outcome = w2v(*command)
        assert outcome.code == 0, outcome.err
    assert {*os.listdir()} == {
        "text", "vectors.safetensors", "v.bin", "v.txt", "t.safetensors", "u.safetensors",
    }  # fmt: skip


def test_a_stopped_run_is_resumed_although_its_checkpoint_is_mapped(windows, monkeypatch):
    monkeypatch.setattr("w2v.training.chunks.SMALL_CHUNK", 20)
    finish(make_run("text", "whole.safetensors"))
    for chunk in (3, 7):  # the second stop replaces the checkpoint of the first
        training = make_run("text")
        training.resume()
        stop_at(training, chunk)
    last = make_run("text")
    assert last.resume()
    finish(last)
    whole = (windows / "whole.safetensors").read_bytes()
    assert (windows / "x.safetensors").read_bytes() == whole
    assert sorted(os.listdir()) == ["text", "whole.safetensors", "x.safetensors"]


def vectors(path):
    """Write a small file of vectors."""
    table = Table.build(["king", "queen"], np.eye(2, dtype=np.float32))
    formats.save(str(path), table, "words")


def test_an_output_that_is_open_is_refused_before_the_work(windows, w2v):
    vectors("vectors.safetensors")
    before = (windows / "vectors.safetensors").read_bytes()
    mapped = library.load("vectors.safetensors")
    outcome = w2v(*TRAIN)
    assert (outcome.code, outcome.err) == (
        2,
        "w2v: vectors.safetensors is open in another program, so that it cannot be replaced: close "
        "it there, or name another file\n",
    )
    assert mapped.similar("king")
    assert (windows / "vectors.safetensors").read_bytes() == before
    assert sorted(os.listdir()) == ["text", "vectors.safetensors"]


def test_a_file_that_is_opened_during_the_work_stays_and_the_new_one_is_kept(windows):
    vectors("v.safetensors")
    before = (windows / "v.safetensors").read_bytes()
    tensors, metadata = container.read("v.safetensors")
    with pytest.raises(W2VError) as error:
        container.write("v.safetensors", tensors, metadata)
    [kept] = windows.glob("v.new-*.safetensors")
    assert str(error.value) == (
        "v.safetensors: cannot be replaced (Access is denied): the new content is in "
        f"{kept}; if another program has v.safetensors open, end it, then rename the new file"
    )
    assert kept.read_bytes() == before
    assert (windows / "v.safetensors").read_bytes() == before
    assert not [*windows.glob("*.part")]


def test_a_failed_write_leaves_no_part(windows):
    def write():
        with atomic_file.replacing("out") as file:
            file.write(b"x")
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        write()
    assert os.listdir() == ["text"]


def test_parts_of_killed_processes_are_removed_and_those_in_use_stay(windows):
    (windows / "out.0123abcd.part").write_bytes(b"old")
    used = open("out.4567abcd.part", "wb")  # noqa: SIM115
    assert locks.hold(used)
    atomic_file.remove_parts(os.path.realpath("out"))
    assert sorted(os.listdir()) == ["out.4567abcd.part", "text"]
    used.close()


def test_a_second_run_with_the_same_output_is_refused(windows):
    with locks.locked("out"):
        assert (windows / "out.lock").read_text().startswith(f"{os.getpid()} ")
        with pytest.raises(W2VError, match="is being written by another run"), locks.locked("out"):
            pass
    assert os.listdir() == ["text"]


def test_a_lock_file_that_another_process_reads_is_left_for_the_next_run(windows):
    with locks.locked("out"):
        reader = open("out.lock", "rb")  # noqa: SIM115 - another process
    assert sorted(os.listdir()) == ["out.lock", "text"]
    reader.close()
    with locks.locked("out"):
        pass
    assert os.listdir() == ["text"]


def test_a_lock_file_of_a_killed_process_is_reused(windows):
    (windows / "out.lock").write_text("1 here\n")
    with locks.locked("out"):
        pass
    assert os.listdir() == ["text"]


def test_threads_read_a_file_at_their_own_positions(windows, monkeypatch):
    monkeypatch.setattr(spooled_array, "IN_MEMORY", 64)
    values = np.arange(1000, dtype=np.int32)
    array = spooled_array.SpooledArray(np.int32, values)
    array.read_ahead(0, 10)
    assert array._file is not None
    np.testing.assert_array_equal(array.read(100, 300), values[100:300])
    array.rewrite(lambda part: part[part % 2 == 0])
    np.testing.assert_array_equal(array.read(0, 500), values[::2])
    assert spooled_array.mapped_zeros((3, 5)).shape == (3, 5)


class Kernel32:
    """The functions of kernel32.dll that tell of memory."""

    works = 1

    def __init__(self, name):
        assert name == "kernel32"
        self.GetCurrentProcess = lambda: (1 << 64) - 1

    def GlobalMemoryStatusEx(self, reference):  # noqa: N802
        memory = reference._obj
        assert memory.length == 64  # sizeof(MEMORYSTATUSEX)
        memory.available = 5 << 30
        return self.works

    def K32GetProcessMemoryInfo(self, process, reference, length):  # noqa: N802
        memory = reference._obj
        assert length == 72  # sizeof(PROCESS_MEMORY_COUNTERS) in a process of 64 bits
        memory.resident, memory.peak = 100 << 20, 300 << 20
        return self.works


def test_memory_comes_from_the_windows_api(monkeypatch):
    monkeypatch.setattr("ctypes.WinDLL", Kernel32, raising=False)
    monkeypatch.setattr(resources, "resource", None)
    assert windows_memory.available() == 5 << 30
    assert windows_memory.of_process() == (100 << 20, 300 << 20)
    assert resources.peak_memory() == 300 << 20

    def no_proc(path, *arguments):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(path))

    monkeypatch.setattr(Path, "read_text", no_proc)
    monkeypatch.delattr(os, "sysconf")
    assert resources.available_memory() == 5 << 30
    assert resources.used_memory() == 100 << 20
    monkeypatch.setattr(Kernel32, "works", 0)
    assert resources.available_memory() is None
    assert resources.used_memory() == 0


def test_free_space_needs_no_statvfs(windows, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: types.SimpleNamespace(free=1234))
    monkeypatch.delattr(os, "statvfs")
    assert scratch.free_bytes() == 1234


def test_a_drive_is_no_address_and_an_address_of_a_drive_is_a_path(monkeypatch):
    for path in (r"C:\texts\a.txt", "C:/texts/a.txt", "C://texts/a.txt", "c:a.txt"):
        assert not remote_files.is_address(path)
    assert remote_files.is_address("s3://bucket/a.txt")
    monkeypatch.setattr(remote_files, "WINDOWS", True)
    assert remote_files.local_paths("file:///C:/texts/a.txt") == ["C:/texts/a.txt"]
    monkeypatch.setattr(remote_files, "WINDOWS", False)
    assert remote_files.local_paths("file:///C:/texts/a.txt") == ["/C:/texts/a.txt"]


def test_names_of_documents_have_slashes(monkeypatch):
    monkeypatch.setattr(os, "sep", "\\")
    monkeypatch.setattr("os.path.relpath", ntpath.relpath)
    assert remote_files.relative_to(r"C:\news", r"C:\news\sport\1.txt") == "sport/1.txt"


def test_a_signal_that_was_dropped_does_not_end_the_process(monkeypatch):
    sent = []
    monkeypatch.setattr(signals, "WINDOWS", True)
    monkeypatch.setattr("signal.raise_signal", sent.append)
    monkeypatch.setattr(os, "kill", lambda *arguments: pytest.fail("TerminateProcess"))
    signals._send(2)
    assert sent == [2]


def test_results_are_utf_8_with_unix_line_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "WINDOWS", True)
    with open(tmp_path / "out", "w", encoding="cp1252", newline="\r\n") as out:
        monkeypatch.setattr(sys, "stdout", out)
        with streams.standard_streams():
            print("Ελλάδα")
            sys.stdout.flush()
    assert (tmp_path / "out").read_bytes() == "Ελλάδα\n".encode()


def test_globs_are_expanded_as_a_shell_would(folder, monkeypatch):
    for name in ("b.txt", "a.txt"):
        (folder / name).write_text("a b\n")
    given = ["w2v", "train", "*.txt", "no?ne", "s3://bucket/*.txt", "--dim=4"]
    monkeypatch.setattr(sys, "argv", given)
    assert cli._arguments() == given[1:]
    monkeypatch.setattr(cli, "WINDOWS", True)
    expanded = ["train", "a.txt", "b.txt", "no?ne", "s3://bucket/*.txt", "--dim=4"]
    assert cli._arguments() == expanded


def test_a_closed_pipe_has_another_number(monkeypatch):
    assert cli._is_closed_pipe(BrokenPipeError(errno.EPIPE, ""))
    assert not cli._is_closed_pipe(OSError(errno.EINVAL, "Invalid argument"))
    monkeypatch.setattr(cli, "WINDOWS", True)
    assert cli._is_closed_pipe(OSError(errno.EINVAL, "Invalid argument"))
    assert not cli._is_closed_pipe(OSError(errno.ENOSPC, "No space left on device"))


HIDDEN = """
import os, signal, sys
sys.modules.update(dict.fromkeys(("fcntl", "grp", "pwd", "resource", "termios"), None))
for name in {missing!r}:
    delattr(os, name)
for name in ("SIGHUP", "SIGXCPU", "SIGUSR1", "SIGPIPE"):
    delattr(signal, name)
from importlib import import_module
from pkgutil import walk_packages
import w2v
for module in walk_packages(w2v.__path__, "w2v."):
    if module.name.partition("w2v.")[2].split(".")[0] in ("system", "cli"):
        import_module(module.name)
from w2v.cli import main
main(["similar", "king", "-v", "v.txt"])
"""


def test_modules_are_imported_where_unix_has_more(folder):
    vectors("v.txt")
    code = HIDDEN.format(missing=MISSING)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, " 0.0000  queen\n"), run.stderr
