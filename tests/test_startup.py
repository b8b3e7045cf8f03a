"""What is loaded when: no Numba for queries, no NumPy for help; and where kernels are kept."""

import os
import subprocess
import sys

import pytest

from w2v.cli import COMMANDS


def loaded(folder, *args, **environment):
    """The packages that a command has imported when it ends."""
    code = (
        "import sys; from w2v.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print(*{n.partition('.')[0] for n in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *args],
        cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stderr.split())


def test_help_loads_click_only(tmp_path):
    assert not loaded(tmp_path, "--help") & {"numpy", "numba", "scipy"}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command(w2v, command, tmp_path):
    outcome = w2v(command, "--help")
    assert outcome.code == 0
    assert outcome.out.startswith(f"Usage: w2v {command}")
    assert outcome.err == ""


def test_help_of_a_command_loads_no_numpy(tmp_path):
    assert not loaded(tmp_path, "train", "--help") & {"numpy", "numba", "scipy"}


@pytest.mark.parametrize(
    "args",
    [("similar", "king"), ("analogy", "man", "king", "woman"), ("info", "vectors.safetensors"),
     ("similarity", "king", "queen"), ("odd", "king", "queen", "1"), ("vector", "king"),
     ("convert", "vectors.safetensors", "x.bin")],
)  # fmt: skip
def test_queries_load_neither_numba_nor_scipy(toy, folder, args):
    assert not loaded(folder, *args) & {"numba", "scipy"}


def test_version_and_bare_call(w2v):
    assert w2v("--version").out.startswith("w2v 0.")
    bare = w2v()
    assert bare.code == 2
    assert bare.out == ""
    assert "Usage: w2v" in bare.err


def cache_directory(**environment):
    """The directory that kernels are kept in, in a process with another environment."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    return subprocess.run(
        [sys.executable, "-c", "from w2v.kernels.cache import directory; print(directory())"],
        env={**env, **environment}, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip


def test_compiled_kernels_are_kept_by_user_and_by_mode(tmp_path):
    plain = cache_directory(XDG_CACHE_HOME=str(tmp_path))
    assert plain.startswith(str(tmp_path / "w2v" / "kernels-"))
    assert cache_directory(XDG_CACHE_HOME=str(tmp_path)) == plain
    assert cache_directory(XDG_CACHE_HOME=str(tmp_path), NUMBA_BOUNDSCHECK="1") != plain
    named = cache_directory(NUMBA_CACHE_DIR=str(tmp_path / "named"))
    assert named.startswith(str(tmp_path / "named"))


def test_without_a_place_for_kernels_they_go_to_a_private_temporary_one(tmp_path):
    (tmp_path / "file").write_text("no directory can be made in here")
    fallback = cache_directory(XDG_CACHE_HOME=str(tmp_path / "file"), TMPDIR=str(tmp_path))
    assert fallback.startswith(str(tmp_path / "w2v-kernels-"))
    assert not os.path.exists(fallback)  # removed when the process ended
