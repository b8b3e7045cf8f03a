"""The names, labels and further values of the documents of a corpus, while they are read."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter

import numpy as np

from w2v.errors import W2VError
from w2v.settings import DocumentSettings
from w2v.text.document_numbers import DocumentNumbers
from w2v.text.labels import Labels, check_labels
from w2v.text.text_digest import TextDigest, root_digest


class DocumentList:
    """The documents of a corpus, in their order.

    settings      how documents are named, and whether those with one name are joined
    mode          whether documents have labels, see `Labels`
    has_extras    whether documents have a further value
    numbers_only  whether all documents are named by their numbers
    keeps_ids     whether `ids` are collected

    names, rows, labels, extras  see `DocumentCorpus`
    named_by_numbers             whether documents have neither names nor labels in their names, so
                                 that `add_numbered` adds them
    ids                          the ids of the documents, see `take_ids`; None: not collected
    left_out                     number of rows that were left out
    """

    def __init__(
        self,
        settings: DocumentSettings,
        mode: Labels,
        has_extras: bool,
        numbers_only: bool,
        keeps_ids: bool = False,
    ):
        self._settings, self._mode, self._has_extras = settings, mode, has_extras
        self._numbers_only = numbers_only
        self.rows = array("i")
        # Where documents have no ids, a hundred million of them need no names in memory.
        self.named_by_numbers = mode != "extra" and settings.id_prefix == "none"
        self._names: list[str] = []
        self.names: Sequence[str] = (
            DocumentNumbers(self.rows) if self.named_by_numbers else self._names
        )
        self.labels: list[tuple[str, ...]] = []
        self.ids: list[str] | None = [] if keeps_ids else None
        self.left_out = 0
        self.extras = list[str | None]()
        self._known: dict[str, int] = {}
        self._file, self._file_begin = "", 0  # the present file, and the number of names before it
        self._files = list[tuple[int, str]]()  # the same of all files with documents of their own
        self._label_sets: dict[tuple[str, ...], tuple[str, ...]] = {}  # one object for equal labels
        self._digest = TextDigest()  # of the names, as lines

    def check(self, labels: tuple[str, ...], place: str) -> None:
        """Raise W2VError if a document has too few or too many labels."""
        check_labels(labels, self._mode, place, self._settings.label_field)

    def add_numbered(self, labels: Sequence[tuple[str, ...]]) -> None:
        """Add documents that are named by their numbers, with the labels of each."""
        first = len(self.rows)
        if self.ids is not None:
            before = first + self.left_out
            self.ids += map(str, range(before + 1, before + 1 + len(labels)))
        self.rows.extend(range(first, first + len(labels)))
        self.labels += [self._label_sets.setdefault(each, each) for each in labels]

    def take_ids(self, count: int) -> list[str]:
        """Remove and return the ids of the next `count` documents, which must be collected.

        Several documents may have one id. A document without an id has the number of its row; rows
        that are left out are counted in it.
        """
        if self.ids is None:
            raise ValueError("no ids are collected")
        taken, self.ids[:count] = self.ids[:count], []
        return taken

    def add(
        self, id_: str | None, labels: tuple[str, ...], file: str, where: str, extra: str = ""
    ) -> None:
        """Add a document; without an id, its name is its number.

        extra   its value in the column `extra`; "": none
        file    the name of the file, for `--id-prefix file` and messages; "" with --format files
        where   the place of the document in the file, for messages; with --format files its path
        Raises  W2VError for wrong labels, or for a name that occurs twice
        """
        place = f"{file}: {where}" if file else where
        self.check(labels, place)
        if self.named_by_numbers:
            self.add_numbered([labels])
            if self.ids is not None and id_ is not None:
                self.ids[-1] = id_
            return
        if file != self._file:  # also of members of one archive
            self.begin_file()
            self._file = file
            self._files.append((self._file_begin, file))
        name = str(len(self.rows) + 1) if id_ is None or self._mode != "extra" else id_
        prefix = {"none": None, "file": file, "label": ",".join(labels)}[self._settings.id_prefix]
        if prefix:
            name = f"{prefix}:{name}"
        if self.ids is not None:
            self.ids.append(name if id_ is None else id_)
        row = len(self._names)
        if not self._numbers_only:
            self._digest.update(f"{name}\n".encode("utf-8", "surrogateescape"))
            row = self._known.setdefault(name, row)
        if row == len(self._names):
            self._names.append(name)
        elif not self._settings.merge_ids:
            advice = "; ".join(["--merge-ids joins both", *self._advice(row, labels, file)])
            raise W2VError(f"{place}: an earlier document has the same name {name!r}: {advice}")
        self.rows.append(row)
        if self._has_extras:
            self.extras.append(sys.intern(extra) or None)
        self.labels.append(self._label_sets.setdefault(labels, labels))

    def _advice(self, row: int, labels: tuple[str, ...], file: str) -> list[str]:
        """What makes names of two documents differ.

        row           the row of the earlier document
        labels, file  those of the later one, see `add`
        """
        are_in_one_file = row >= self._file_begin
        if not file:  # a file of a folder or of an archive, or a page, whose name is its address
            if are_in_one_file or "://" in self._names[row]:
                return []
            return [
                "to keep both, give the folder that contains both files, so that names are paths"
            ]
        prefix, advice = self._settings.id_prefix, "--columns or --id-field chooses the id"
        before = bisect_right(self._files, row, key=itemgetter(0))
        has_same_file = are_in_one_file or (before > 0 and self._files[before - 1][1] == file)
        kinds = [] if has_same_file or prefix == "file" else ["file"]
        if prefix != "label" and self.labels[row] != labels:
            kinds.append("label")
        if kinds:
            return [f"--id-prefix {' or '.join(kinds)} makes names differ", advice]
        if are_in_one_file:
            return [advice]
        options = "--format" if prefix == "file" else "--format and --id-prefix file"
        return [
            f"give the folder that contains both files, and {options}, so that their names are "
            "paths",
            advice,
        ]

    def begin_file(self) -> None:
        """Begin the documents of the next file."""
        self._file_begin = len(self._names)

    def add_lines(self, file: str, last: int, count: int) -> int:
        """Add documents that are lines without labels; return the number of the last line.

        The numbers continue from file to file, but with --id-prefix file each file begins with 1.

        file   the name of the file
        last   number of lines of the file before these
        count  number of lines
        """
        before = last if self._settings.id_prefix == "file" else len(self.rows)
        for number in range(before + 1, before + 1 + count):
            self.add(str(number), (), file, f"line {number}")
        return last + count

    def add_file(self, name: str, place: str, size: int, labels: tuple[str, ...] = ()) -> None:
        """Add a document that is a file of a folder, or a page of a WET file.

        name   its path in the folder, or its address
        place  its place, for messages
        labels  its labels
        size   bytes of its text. It is part of the fingerprint, because the text is hashed without
               the bounds of files
        """
        self.add(name, labels, "", place, name.rpartition("/")[0])
        self._digest.update(b"%d\n" % size)

    def fingerprint(self, text: str) -> str:
        """The fingerprint of the text and the names, when all documents have been added.

        text  the fingerprint of the text alone, which is returned if all names are numbers
        """
        if self.named_by_numbers or self._numbers_only:
            return text
        return root_digest(map(bytes.fromhex, (text, self._digest.hexdigest())))

    def row_numbers(self) -> np.ndarray:
        """`rows` as int32 (D,)."""
        return np.frombuffer(self.rows, np.int32)
