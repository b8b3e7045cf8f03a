"""The scripts of recipes.md that are stopped and run again, with a substitute for w2v."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import readme

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("flock") is None, reason="the scripts are for Linux"
)
ROOT = Path(__file__).parents[1]
PROGRAMS = readme.programs((ROOT / "w2v" / "manual" / "recipes.md").read_text())
# `w2v train` writes the old lines and those of the texts. After half of the work it leaves a
# checkpoint, which it refuses to continue with other texts. `w2v evaluate` counts the lines `bad`.
W2V = """
texts=""; old=/dev/null; command=$1; shift
while [ $# -gt 0 ]; do
    case $1 in
        -o | -v) output=$2; shift ;;
        --update) old=$2; shift ;;
        --lr | --epochs | --min-count | --dim | --sample) shift ;;
        *.txt) texts="$texts $1" ;;
    esac
    shift
done
if [ $command = evaluate ]; then
    printf 'x\\ttotal\\t%s\\n' $(grep -c bad $output | sed 's/^0$/1/; t; s/.*/0/')
    exit
fi
wanted=$(cat $old $texts)
[ ! -e $output.checkpoint ] || [ "$(cat $output.checkpoint)" = "$wanted" ] || exit 2
printf '%s\\n' "$wanted" > $output.checkpoint
stop
printf '%s\\n' "$wanted" > $output
rm $output.checkpoint
"""
# Each of these commands counts; the one with the number in `fatal` kills the whole script.
STOP = 'n=$(($(cat count) + 1)); echo $n > count; [ $n != "$(cat fatal)" ] || kill -KILL 0\n'


@pytest.fixture
def run(folder):
    """A function that runs a command, which a kill may end at the given step; returns its code."""
    tools = folder / "tools"
    tools.mkdir()
    for name in ("stop", "w2v", "mv", "rm", "rmdir", "mkdir", "find", "awk", "touch", "ln"):
        rest = {"stop": "", "w2v": W2V}.get(name, f'exec {shutil.which(name)} "$@"\n')
        (tools / name).write_text(f"#!/bin/sh\n{STOP}{rest}")
        (tools / name).chmod(0o755)
    for name, program in PROGRAMS.items():
        (folder / name).write_text(program)

    def run(*command, fatal=0):
        (folder / "count").write_text("0")
        (folder / "fatal").write_text(str(fatal))
        path = f"{tools}:/usr/bin:/bin"
        return subprocess.run(
            command, cwd=folder, env={"PATH": path}, start_new_session=True, capture_output=True
        ).returncode

    return run


@pytest.mark.parametrize("keeps_versions", [False, True])
def test_a_nightly_update_can_be_killed_at_any_step_and_trains_each_text_once(
    run, folder, keeps_versions
):
    (folder / "inbox").mkdir()
    if keeps_versions:
        script = folder / "nightly.sh"
        parts = script.read_text().split("mv next.safetensors vectors.safetensors")
        assert len(parts) == 3
        script.write_text("sh publish.sh".join(parts))
    (folder / "vectors.safetensors").write_text("first\n")
    wanted, fatal, was_killed = ["first"], 0, True
    while was_killed:
        fatal += 1
        (folder / "inbox" / "a.txt").write_text(f"{fatal}a\n")
        (folder / "inbox" / "b.txt").write_text(f"{fatal}b\n")
        was_killed = run("sh", "nightly.sh", fatal=fatal) != 0
        (folder / "inbox" / "c.txt").write_text(f"{fatal}c\n")  # comes in after the stop
        assert [run("sh", "nightly.sh") for _ in range(3)] == [0, 0, 0]
        wanted += [f"{fatal}{name}" for name in "abc"]
        assert sorted((folder / "vectors.safetensors").read_text().split()) == sorted(wanted)
        assert not list((folder / "inbox").iterdir())
    assert fatal > 8
    if keeps_versions:
        newest = (folder / "vectors.safetensors").readlink()
        versions = sorted((folder / "versions").iterdir())
        assert len(versions) == 7
        assert folder / newest in versions


def test_bad_texts_keep_the_vectors_and_do_not_come_again(run, folder):
    (folder / "inbox").mkdir()
    (folder / "vectors.safetensors").write_text("first\n")
    (folder / "inbox" / "a.txt").write_text("bad\n")
    assert run("sh", "nightly.sh") == 1
    (folder / "inbox" / "b.txt").write_text("good\n")
    assert run("sh", "nightly.sh") == 0
    assert (folder / "vectors.safetensors").read_text() == "first\ngood\n"
    assert [path.read_text() for path in folder.glob("bad/*/a.txt")] == ["bad\n"]


@pytest.mark.parametrize("changes", [False, True])
def test_a_makefile_continues_unless_its_text_has_changed(run, folder, changes):
    target, text = "vectors.safetensors", folder / "planted.txt"
    text.write_text("old\n")
    make = ("make", "-f", "vectors.mk", target)
    numbers = [number for number in range(1, 9) if run(*make, fatal=number) != 0]
    assert numbers
    assert (folder / f"{target}.checkpoint").exists() or (folder / target).exists()
    (folder / target).unlink(missing_ok=True)
    (folder / f"{target}.checkpoint").write_text("old\n")
    if changes:
        while text.stat().st_mtime_ns <= (folder / f"{target}.begun").stat().st_mtime_ns:
            text.write_text("new\n")
            time.sleep(0)
    assert run(*make) == 0
    assert (folder / target).read_text() == ("new\n" if changes else "old\n")
