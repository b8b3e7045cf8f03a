"""The folder of temporary files, and the estimate of the disk space that they need."""

import errno
import os
import tempfile
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

from w2v.errors import W2VError
from w2v.system import scratch
from w2v.system.packed_ids import PackedArray, PackedIds
from w2v.text.corpus import Corpus
from w2v.text.disk_space import check_space
from w2v.text.encode import encode
from w2v.text.numbered_parts import NumberedPart, numbered_parts
from w2v.text.numbered_text import NumberedText
from w2v.text.phrases import Phrases
from w2v.text.word_counter import WordCounter


def test_temporary_files_are_in_the_folder_of_the_block(tmp_path, monkeypatch):
    used = []
    make = tempfile.TemporaryFile
    monkeypatch.setattr(
        tempfile, "TemporaryFile", lambda **given: (used.append(given["dir"]), make(**given))[1]
    )
    default = scratch.folder()
    with scratch.used(str(tmp_path)):
        assert scratch.folder() == str(tmp_path)
        with scratch.used(None):
            assert scratch.folder() == default
        scratch.temporary_file().close()
    assert scratch.folder() == default
    scratch.temporary_file().close()
    assert used == [str(tmp_path), str(tmp_path), None]  # the first tests the folder
    assert not [*tmp_path.iterdir()]


def test_a_folder_that_cannot_be_used_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(W2VError, match="--scratch .*/none: no such folder"):
        scratch.used(str(tmp_path / "none")).__enter__()
    with pytest.raises(W2VError, match="--scratch .*/file is not a folder"):
        scratch.used(str(tmp_path / "file")).__enter__()

    def refuse(**given):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(W2VError, match="--scratch .*: Permission denied: name a folder"):
        scratch.used(str(tmp_path)).__enter__()


def test_blocks_of_two_threads_leave_nothing_behind(tmp_path):
    """The first of them to begin may be the first to end."""
    default = scratch.folder()
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    one, other = scratch.used(str(first)), scratch.used(str(second))
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert scratch.folder() == str(second)
    other.__exit__(None, None, None)
    assert scratch.folder() == default


@pytest.mark.parametrize("command", ["train", "phrases", "dedup"])
def test_the_option_is_checked_before_the_text_is_read(w2v, folder, command):
    (folder / "text").write_text("a b c\n" * 20)
    outcome = w2v(command, "text", "--scratch", "nowhere", "-o", "result.txt")
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert "--scratch nowhere: no such folder" in outcome.err


def has_free(monkeypatch, size):
    """Let the file system of the folder have `size` free bytes."""
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=size))


def test_a_text_that_does_not_fit_is_refused_at_its_beginning(tmp_path, monkeypatch):
    path = tmp_path / "text"
    path.write_text("a b c d e f g h\n" * 4000)
    monkeypatch.setattr("w2v.text.corpus.BLOCK", 1000)
    monkeypatch.setattr("w2v.text.numbered_parts.BLOCK", 1000)
    monkeypatch.setattr("w2v.text.numbered_parts._LARGEST", 1)
    monkeypatch.setattr("w2v.system.packed_ids.BLOCK", 64)
    monkeypatch.setattr("w2v.system.spooled_array.IN_MEMORY", 400)
    read = []
    has_free(monkeypatch, 1 << 30)
    wanted, text = encode(Corpus([str(path)]), on_block=read.append)
    blocks, size = len(read), text.ids.bytes + text.starts.nbytes
    has_free(monkeypatch, 1.3 * size)
    found, _ = encode(Corpus([str(path)]))
    assert found.counts.tolist() == wanted.counts.tolist()
    has_free(monkeypatch, 0.8 * size)
    read.clear()
    with scratch.used(None), pytest.raises(W2VError, match="are free: add --scratch FOLDER"):
        encode(Corpus([str(path)]), on_block=read.append)
    assert blocks / 11 < len(read) < blocks / 5


def test_the_space_for_the_passes_of_phrases_is_checked_while_the_text_is_read(
    tmp_path, monkeypatch
):
    """A pass writes all word ids a second time."""
    path = tmp_path / "text"
    path.write_text("a b c d e f g h\n" * 4000)
    monkeypatch.setattr("w2v.system.spooled_array.IN_MEMORY", 400)
    text = NumberedText(1)
    for part in numbered_parts(Corpus([str(path)]), WordCounter(), kept=True):
        text.append(part)
    for share, fits in ((1.2, True), (0.8, False)):
        has_free(monkeypatch, share * text.bytes)
        with nullcontext() if fits else pytest.raises(W2VError, match="word ids of .* need about"):
            Phrases(5, "default", 100.0, "_").read(Corpus([str(path)]))


def test_a_text_of_unknown_size_is_not_checked(monkeypatch):
    has_free(monkeypatch, 0)
    monkeypatch.setattr("w2v.system.spooled_array.IN_MEMORY", 4)
    text, numbers = NumberedText(1), np.arange(100, dtype=np.int32)
    text.append(NumberedPart(PackedArray.of(numbers), PackedArray.of(numbers), numbers, 100))
    check_space(SimpleNamespace(size=None, bytes_read=5), text, 3)
    with pytest.raises(W2VError, match="set TMPDIR to a folder with more space"):
        check_space(SimpleNamespace(size=10, bytes_read=5, source="text"), text, 3)


def test_a_full_disk_is_named_with_advice(monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("w2v.system.spooled_array.IN_MEMORY", 4)
    monkeypatch.setattr("w2v.system.packed_ids.BLOCK", 16)
    monkeypatch.setattr(os, "pwrite", full)
    with scratch.used(None), pytest.raises(OSError, match="device: add --scratch FOLDER, or set"):
        PackedIds(np.arange(100))
