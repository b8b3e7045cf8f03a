"""File systems that lack a function: network shares, buckets, files mounted into a container."""

import errno
import os
import stat

import fasttext_files as files
import numpy as np
import pytest

import w2v
from w2v.embeddings import mapped_files
from w2v.errors import W2VError
from w2v.system import atomic_file, atomic_folder, spooled_array

MATRIX = files.dense(np.arange(208, dtype=np.float32).reshape(52, 4))  # 2 words and 50 buckets


def failing(number):
    """A function of the system that fails with an error number."""

    def fail(*arguments, **named):
        raise OSError(number, os.strerror(number))

    return fail


def write(path, content=b"new"):
    """Write a file atomically."""
    with atomic_file.replacing(str(path)) as file:
        file.write(content)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_that_cannot_synchronize_loses_no_result(tmp_path, monkeypatch, number):
    monkeypatch.setattr(os, "fsync", failing(number))
    write(tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"new"
    with atomic_folder.replacing(str(tmp_path / "folder"), ["a"]) as part:
        (tmp_path / part / "a").write_text("b")
    assert os.listdir(tmp_path / "folder") == ["a"]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_disk_that_fails_is_an_error(tmp_path, monkeypatch, number):
    (tmp_path / "out").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", failing(number))
    with pytest.raises(OSError, match=f"{os.strerror(number)}.*/out"):
        write(tmp_path / "out")
    assert os.listdir(tmp_path) == ["out"]
    assert (tmp_path / "out").read_bytes() == b"old"


@pytest.mark.skipif(not hasattr(os, "chown"), reason="no owners")
def test_a_file_that_is_replaced_keeps_its_group_or_gives_another_one_no_more(
    tmp_path, monkeypatch
):
    path, given = tmp_path / "x", []
    path.write_text("old")
    path.chmod(0o664)
    status = path.stat()
    other = os.stat_result([*status[:4], status.st_uid + 1, status.st_gid + 1, *status[6:]])
    monkeypatch.setattr(os, "chown", lambda *arguments: given.append(arguments))
    atomic_file.give_permissions(str(path), other)
    assert given == [(str(path), other.st_uid, other.st_gid)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o664

    def refuse(*arguments):
        given.append(arguments)
        raise PermissionError

    monkeypatch.setattr(os, "chown", refuse)
    atomic_file.give_permissions(str(path), other)
    assert given[1:] == [(str(path), owner, other.st_gid) for owner in (other.st_uid, -1)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    atomic_file.give_permissions(str(path), path.stat())
    assert len(given) == 3


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_folder_that_is_replaced_keeps_its_permissions(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "a").write_bytes(b"old")
    (folder / "a").chmod(0o640)
    folder.chmod(0o700)
    with atomic_folder.replacing(str(folder), ["a", "b"]) as part:
        assert stat.S_IMODE(os.stat(part).st_mode) == 0o700
        for name in ("a", "b"):
            (tmp_path / part / name).write_bytes(b"new")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "a").stat().st_mode) == 0o640
    assert {path.read_bytes() for path in folder.iterdir()} == {b"new"}
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_file_system_without_permissions_is_written(tmp_path, monkeypatch):
    (tmp_path / "out").write_bytes(b"old")
    (tmp_path / "out").chmod(0o600)
    monkeypatch.setattr(os, "chmod", failing(errno.EPERM))
    write(tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o600
    monkeypatch.setattr(os, "chmod", failing(errno.EIO))
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        write(tmp_path / "out")


def test_a_file_that_is_mounted_by_itself_is_overwritten(tmp_path, monkeypatch):
    (tmp_path / "out").write_bytes(b"old and longer")
    before = (tmp_path / "out").stat().st_ino
    monkeypatch.setattr(os, "replace", failing(errno.EBUSY))
    write(tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"new"
    assert (tmp_path / "out").stat().st_ino == before
    assert os.listdir(tmp_path) == ["out"]


def test_a_mounted_file_that_cannot_be_overwritten_leaves_the_new_content(tmp_path, monkeypatch):
    (tmp_path / "out.txt").write_bytes(b"old")
    replace, busy = os.replace, failing(errno.EBUSY)
    monkeypatch.setattr(
        os, "replace", lambda old, new: (busy if "new-" not in new else replace)(old, new)
    )
    monkeypatch.setattr("shutil.copyfileobj", failing(errno.ENOSPC))
    with pytest.raises(W2VError, match="out.txt: cannot be replaced .No space left") as error:
        write(tmp_path / "out.txt")
    [kept] = tmp_path.glob("out.new-*.txt")
    assert str(kept) in str(error.value)
    assert kept.read_bytes() == b"new"
    assert len(os.listdir(tmp_path)) == 2


@pytest.mark.parametrize("name", ["x.safetensors", "x.npy", "x.bin"])
@pytest.mark.parametrize("number", [errno.ENODEV, errno.EINVAL])
def test_files_that_cannot_be_mapped_are_read(tmp_path, monkeypatch, name, number):
    path = str(tmp_path / name)
    if name == "x.bin":
        (tmp_path / name).write_bytes(files.model(["a", "b"], [2, 1], MATRIX, MATRIX))
    else:
        w2v.Vectors(["a", "b"], np.eye(2, dtype=np.float32)).save(path)
    expected = w2v.load(path)["b"].copy()

    class Unmappable(mapped_files.MappedFile):
        def __new__(cls, *arguments, **named):
            failing(number)()

    monkeypatch.setattr(mapped_files, "MappedFile", Unmappable)
    monkeypatch.setattr(np, "memmap", failing(number))
    assert (w2v.load(path)["b"] == expected).all()


def test_a_scratch_folder_that_cannot_map_files_is_named(monkeypatch):
    monkeypatch.setattr(np, "memmap", failing(errno.ENODEV))
    monkeypatch.setattr(spooled_array, "IN_MEMORY", 0)
    array = spooled_array.SpooledArray(np.int32, np.ones(9, np.int32))
    for use in (array.mapped, lambda: spooled_array.mapped_zeros((2, 3))):
        with pytest.raises(OSError, match="No such device: set TMPDIR to a folder on a local disk"):
            use()
