"""Imports of commands (no Numba for queries, no NumPy for help), and the cache of kernels."""

import errno
import itertools
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import numpy as np
import pytest
from helpers import compiled, compiled_only

from w2v.cli import COMMANDS
from w2v.kernels import cache


def loaded(folder, *args, **environment):
    """The packages and modules that a command has imported when it ends."""
    code = (
        "import sys; from w2v.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *args],
        cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stderr.split())


@compiled_only
def test_help_loads_click_only(tmp_path):
    found = loaded(tmp_path, "--help")
    assert "w2v.cli.help" in found
    assert not found & {"numpy", "numba", "scipy"}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command(w2v, command, tmp_path):
    outcome = w2v(command, "--help")
    assert outcome.code == 0
    assert outcome.out.startswith(f"Usage: w2v {command}")
    assert outcome.err == ""


@compiled_only
def test_help_of_a_command_loads_no_numpy(tmp_path):
    assert not loaded(tmp_path, "train", "--help") & {"numpy", "numba", "scipy"}


@compiled_only
@pytest.mark.parametrize(
    "args",
    [("similar", "king"), ("analogy", "man", "king", "woman"), ("info", "vectors.safetensors"),
     ("similarity", "king", "queen"), ("odd", "king", "queen", "1"), ("vector", "king"),
     ("convert", "vectors.safetensors", "x.bin")],
)  # fmt: skip
def test_queries_load_neither_numba_nor_scipy_nor_help(toy, folder, args):
    assert not loaded(folder, *args) & {"numba", "scipy", "w2v.cli.help"}


@compiled_only
def test_queries_of_int8_load_neither_numba_nor_scipy(w2v, toy, folder):
    for options in (("--dtype", "i8"), ("--dim", "2"), ("--whiten",)):
        change = ("convert", "vectors.safetensors", "x.safetensors", *options)
        assert not loaded(folder, *change) & {"numba", "scipy"}
        assert not loaded(folder, "similar", "king", "-v", "x.safetensors") & {"numba", "scipy"}


@compiled_only
def test_commands_for_several_files_load_neither_numba_nor_scipy(w2v, toy, folder):
    file = "vectors.safetensors"
    assert w2v("convert", file, "other.txt").code == 0
    for args in (
        ("similar", "king", "-v", file, "-v", "other.txt"),
        ("similar", "king", "-v", file, "--in", "other.txt", "--csls"),
        ("align", file, "other.txt", "-o", "x.txt", "--refine", "1"),
        ("drift", file, "other.txt"),
    ):
        assert not loaded(folder, *args) & {"numba", "scipy"}


def test_version_and_bare_call(w2v):
    assert w2v("--version").out.startswith("w2v 0.")
    bare = w2v()
    assert bare.code == 2
    assert "w2v train corpus.txt" in bare.out  # see also test_help.py
    assert bare.err == ""


def cache_directory(**environment):
    """The cache directory of kernels, in a process with another environment."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    return subprocess.run(
        [sys.executable, "-c", "from w2v.kernels.cache import directory; print(directory())"],
        env={**env, **environment}, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip


@compiled_only
def test_compiled_kernels_are_kept_by_user_and_by_mode(tmp_path):
    plain = cache_directory(XDG_CACHE_HOME=str(tmp_path))
    assert plain.startswith(str(tmp_path / "w2v" / "kernels-"))
    assert cache_directory(XDG_CACHE_HOME=str(tmp_path)) == plain
    assert cache_directory(XDG_CACHE_HOME=str(tmp_path), NUMBA_BOUNDSCHECK="1") != plain
    named = cache_directory(NUMBA_CACHE_DIR=str(tmp_path / "named"))
    assert named.startswith(str(tmp_path / "named"))


@pytest.mark.parametrize("variable", ["NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME"])
def test_a_relative_folder_for_kernels_stays_where_it_is(tmp_path, monkeypatch, variable):
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "here")
    monkeypatch.chdir(tmp_path)
    used = cache.directory.__wrapped__()
    assert used.startswith(str(tmp_path / "here"))
    assert os.path.isdir(used)


def test_a_folder_of_kernels_that_another_process_removes_is_no_error(tmp_path, monkeypatch):
    """Two processes may clean up at the same time."""
    for name in ("kernels-0000000000000000", "kernels-1111111111111111"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (0, 0))
    lstat = Path.lstat

    def removed(path):
        if path.name.endswith("0"):
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(path))
        return lstat(path)

    monkeypatch.setattr(Path, "lstat", removed)
    cache._remove_unused(tmp_path / "kernels-2222222222222222")
    assert not (tmp_path / "kernels-1111111111111111").exists()


@compiled_only
def test_without_a_place_for_kernels_they_go_to_a_private_temporary_one(tmp_path):
    (tmp_path / "file").write_text("no directory can be made in here")
    fallback = cache_directory(XDG_CACHE_HOME=str(tmp_path / "file"), TMPDIR=str(tmp_path))
    assert fallback.startswith(str(tmp_path / "w2v-kernels-"))
    assert not os.path.exists(fallback)  # removed when the process ended


def import_kernels(**environment):
    """What a program prints that imports the kernels, with variables of Numba."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    code = (
        "from w2v.errors import W2VError\n"
        "try:\n    from w2v.kernels.cache import _fingerprint; print(_fingerprint())\n"
        "except W2VError as error:\n    print('error:', error)"
    )
    return subprocess.run(
        [sys.executable, "-c", code], env={**env, **environment}, capture_output=True, text=True
    )


def test_variables_that_numba_cannot_read_are_named_in_one_line():
    plain = import_kernels()
    empty = import_kernels(NUMBA_NUM_THREADS="", PYTHONWARNINGS="error")
    assert empty.stdout == plain.stdout
    assert empty.stderr.splitlines() == [
        "NUMBA_NUM_THREADS=: Numba cannot read this value and ignores it: correct it, or unset the "
        "variable"
    ]
    zero = import_kernels(NUMBA_NUM_THREADS="0")
    assert zero.stderr == ""
    assert "correct its variables (NUMBA_NUM_THREADS=0)" in zero.stdout
    assert zero.stdout.startswith("error: Numba refuses its settings (")


def test_a_numba_that_refuses_the_version_of_another_package_is_one_line(tmp_path):
    (tmp_path / "numba.py").write_text(
        "raise ImportError('Numba needs NumPy 2.3 or less.\\nGot NumPy 2.4.')"
    )
    paths = [str(tmp_path), *sys.path]
    done = import_kernels(PYTHONPATH=os.pathsep.join(paths))
    assert done.stderr == ""
    assert done.stdout == (
        "error: Numba cannot be imported (Numba needs NumPy 2.3 or less. Got NumPy 2.4.): install "
        "versions that fit each other: pip install --upgrade numpy numba w2v\n"
    )


def test_a_number_of_threads_does_not_compile_kernels_again():
    plain = import_kernels().stdout
    assert import_kernels(NUMBA_NUM_THREADS="1").stdout == plain
    assert import_kernels(NUMBA_OPT="2").stdout != plain


def add_one(x):
    return x + 1


@pytest.fixture
def kept_in(tmp_path, monkeypatch):
    """An empty folder for compiled kernels."""
    monkeypatch.setattr("w2v.kernels.cache.directory", lambda: str(tmp_path))
    cache._warn_once.cache_clear()
    return tmp_path


def kernel():
    """A kernel, as another process would load it."""
    return cache.cached(numba.njit(add_one))


DAMAGES = {
    "empty": lambda data: b"",
    "cut early": lambda data: data[:10],
    "cut late": lambda data: data[:-1],
    "cut in the middle": lambda data: data[: len(data) // 2],
    "zeros at the end": lambda data: data[:99] + bytes(len(data) - 99),
    "zeros in the middle": lambda data: data[:-90] + bytes(80) + data[-10:],
    "a flipped bit": lambda data: data[:-70] + bytes([data[-70] ^ 1]) + data[-69:],
    "something else": lambda data: b"what is this?",
}


@compiled
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_damaged_kernels_are_compiled_anew_and_named_in_a_line(kept_in, caplog, suffix, damage):
    assert kernel()(1) == 2
    [path] = kept_in.rglob(f"*{suffix}")
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    again = kernel()
    assert again(1) == 2
    assert not again.stats.cache_hits
    said = f"compiled kernels in {kept_in} are damaged: they are compiled again"
    assert caplog.messages == [said]
    assert caplog.records[0].name == "w2v"
    repaired = kernel()
    assert repaired(1) == 2
    assert repaired.stats.cache_hits


@compiled
def test_machine_code_of_another_process_for_other_types_is_not_run(kept_in, caplog):
    """Two processes that compile a kernel at the same time may give their files the same name."""
    assert kernel()(1) == 2
    [of_integer] = kept_in.rglob("*.nbc")
    assert kernel()(np.float32(1.5)) == 2.5
    [of_float] = set(kept_in.rglob("*.nbc")) - {of_integer}
    of_integer.write_bytes(of_float.read_bytes())
    again = kernel()
    assert again(1) == 2
    assert not again.stats.cache_hits
    repaired = kernel()
    assert repaired(1) == 2
    assert repaired.stats.cache_hits
    assert not caplog.messages


@compiled
def test_threads_that_load_kernels_at_the_same_time_keep_the_setting_of_the_program(
    kept_in, monkeypatch
):
    """The first thread is made to wait for the second one, which is made to end after it."""
    before, init = numba.config.CACHE_DIR, cache.FunctionCache.__init__
    calls, has_begun, has_ended = itertools.count(), threading.Event(), threading.Event()

    def in_turn(self, function):
        if next(calls) == 0:
            has_begun.wait(0.05)  # in vain, if only one thread may be here
        else:
            has_begun.set()
            has_ended.wait(60)
        init(self, function)

    monkeypatch.setattr(cache.FunctionCache, "__init__", in_turn)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(kernel), pool.submit(kernel)
        first.add_done_callback(lambda _: has_ended.set())
        second.add_done_callback(lambda _: has_ended.set())
        made = [first.result(), second.result()]
    assert before == numba.config.CACHE_DIR
    assert all(each._cache.cache_path.startswith(str(kept_in)) for each in made)


@compiled
def test_kernels_that_are_installed_again_are_not_compiled_again(kept_in, monkeypatch):
    """In many versions of Numba, the stamp is the time and the size of the source."""
    locator = type(kernel()._cache._impl.locator)
    for time in range(2):
        monkeypatch.setattr(locator, "get_source_stamp", lambda self, time=time: (time, 0))
        again = kernel()
        assert again(1) == 2
        assert bool(again.stats.cache_hits) == bool(time)


@compiled
def test_a_full_disk_under_the_kernels_is_named_and_stops_nothing(kept_in, caplog, monkeypatch):
    def full(self, name, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(cache._ChecksummedFile, "_save_data", full)
    assert kernel()(1) == 2
    said = f"compiled kernels cannot be kept in {kept_in}: No space left on device; "
    assert caplog.messages == [f"{said}set NUMBA_CACHE_DIR to a folder on another disk"]


@compiled_only
def test_a_disk_that_takes_no_bytes_is_noticed_before_kernels_are_compiled(tmp_path):
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "from w2v.kernels.cache import directory; print(directory())"
    )
    env = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    env |= {"XDG_CACHE_HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.stdout.startswith(str(tmp_path / "w2v-kernels-"))
    assert done.stderr.startswith("compiled kernels cannot be kept (")
    assert "File too large): set NUMBA_CACHE_DIR to a writable folder" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_kernels_that_no_version_has_used_for_long_are_removed(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    old, recent = (tmp_path / f"kernels-{n:016x}" for n in range(2))
    target = tmp_path / "elsewhere"
    foreign, link = tmp_path / "kernels-of-another", tmp_path / f"kernels-{9:016x}"
    for folder in (old, recent, target, foreign):
        folder.mkdir()
        (folder / "file").touch()
    link.symlink_to(target)
    for folder in (old, target, foreign, link):
        os.utime(folder, (1, 1), follow_symlinks=False)
    used = cache.directory.__wrapped__()
    os.utime(used, (1, 1))
    assert cache.directory.__wrapped__() == used
    assert os.stat(used).st_mtime > 1  # the new time shows that it is in use
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {os.path.basename(used), recent.name, target.name, foreign.name, link.name}
    assert (target / "file").exists()


@compiled_only
def test_the_program_that_imports_our_kernels_keeps_its_own_cache(tmp_path):
    code = (
        "import numba; before = numba.config.CACHE_DIR\n"
        "import w2v.kernels.skipgram; assert numba.config.CACHE_DIR == before == ''"
    )
    env = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    subprocess.run([sys.executable, "-c", code], env=env, check=True)


@compiled_only
@pytest.mark.parametrize("made_by", ["another user", "a link"])
def test_kernels_that_another_user_may_have_written_are_not_loaded(
    tmp_path, caplog, monkeypatch, made_by
):
    """Files of compiled kernels are pickles, and the name of their folder can be computed."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    folder = tmp_path / f"kernels-{cache._fingerprint()}"
    (tmp_path / "elsewhere").mkdir()
    if made_by == "a link":
        folder.symlink_to("elsewhere")
    else:
        folder.mkdir()
        owner = folder.lstat().st_uid
        monkeypatch.setattr(cache.os, "getuid", lambda: owner + 1)
        monkeypatch.setattr(cache, "_ADMINISTRATOR", -1)
    chosen = cache.directory.__wrapped__()
    assert not chosen.startswith(str(folder))
    said = f"compiled kernels cannot be kept ({folder}: it is not a folder of this user): "
    assert caplog.messages == [f"{said}set NUMBA_CACHE_DIR to a writable folder"]
