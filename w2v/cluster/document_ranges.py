"""Byte ranges of files of documents, and records of the documents that workers find in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from w2v.cluster.text_ranges import ByteRange, ReadsRange
from w2v.settings import DocumentSettings, TextSettings
from w2v.system.remote_files import open_bytes
from w2v.system.text_file import MARK
from w2v.text.columns import Columns
from w2v.text.document_list import DocumentList
from w2v.text.documents import DocumentCorpus
from w2v.text.sources import Source
from w2v.text.text_digest import NoDigest


@dataclass
class Lines:
    """Documents that are named by the numbers of their lines.

    file      the name of the file
    count     number of lines
    is_first  whether the first of them is the first line of its text
    """

    file: str
    count: int
    is_first: bool


@dataclass
class Rows:
    """Documents of a file, with their ids and labels, see `DocumentList.add`."""

    file: str
    ids: list[str | None] = field(default_factory=list)
    labels: list[tuple[str, ...]] = field(default_factory=list)


@dataclass
class Files:
    """Documents that are files: names, sizes and labels, see `DocumentList.add_file`."""

    names: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    labels: list[tuple[str, ...]] = field(default_factory=list)


Record = Lines | Rows | Files


class RecordedDocuments(DocumentList):
    """The documents of a range. They are recorded, because their names depend on other ranges.

    records  the documents, in order
    """

    def __init__(self, settings: DocumentSettings):
        super().__init__(settings, "extra", False, True)
        self.records: list[Record] = []

    def add(
        self, id_: str | None, labels: tuple[str, ...], file: str, where: str, extra: str = ""
    ) -> None:
        """Record a document of a table, or a JSON object."""
        last = self.records[-1] if self.records else None
        if not isinstance(last, Rows) or last.file != file:
            last = Rows(file)
            self.records.append(last)
        last.ids.append(id_)
        last.labels.append(self._label_sets.setdefault(labels, labels))

    def add_lines(self, file: str, last: int, count: int) -> int:
        """Record documents that are lines."""
        if count:
            self.records.append(Lines(file, count, last == 0))
        return last + count

    def add_file(self, name: str, place: str, size: int, labels: tuple[str, ...] = ()) -> None:
        """Record a document that is a file."""
        last = self.records[-1] if self.records else None
        if not isinstance(last, Files):
            last = Files()
            self.records.append(last)
        last.names.append(name)
        last.sizes.append(size)
        last.labels.append(labels)


def replay(records: Iterable[Record], documents: DocumentList) -> None:
    """Add recorded documents, those of all ranges in order.

    Raises  W2VError for a name that occurs twice. The message does not have the right place
    """
    last = 0  # number of lines of the current text
    for record in records:
        if isinstance(record, Lines):
            begin = 0 if record.is_first else last
            last = documents.add_lines(record.file, begin, record.count)
        elif isinstance(record, Rows):
            for id_, labels in zip(record.ids, record.labels, strict=True):
                documents.add(id_, labels, record.file, "a row")
        else:
            for name, size, labels in zip(record.names, record.sizes, record.labels, strict=True):
                documents.add_file(name, name, size, labels)


class RangeDocuments(ReadsRange, DocumentCorpus):
    """The documents of one byte range. No fingerprint is computed, and no document has a name.

    byte_range  the range
    settings    the encoding, the tokenizer, the lowercasing and the normalization of the text
    documents   the format, the columns and the names of the documents

    has_returns  whether lines of a table or of JSON objects have carriage returns, which are left
                 out of the fingerprint
    rows_from    the position in the file from which the row in `first_bad` is counted; 0: from its
                 beginning, or `first_bad` has no row
    first_rows   the first rows of tables that begin in the range, which may be headers
    records      the documents: see `replay`
    """

    def __init__(self, byte_range: ByteRange, settings: TextSettings, documents: DocumentSettings):
        assert byte_range.documents
        inputs = [byte_range.documents._replace(path=byte_range.path)]
        super().__init__([byte_range.path], settings, documents, inputs=inputs)
        self._range, self._begin = byte_range, byte_range.begin
        self._continues = byte_range.begin > 0
        self.has_returns, self.rows_from = False, 0
        self._recorded = self.documents = RecordedDocuments(documents)

    @property
    def records(self) -> list[Record]:
        """The documents that have been read so far."""
        records = self._recorded.records
        if self._continues and records and isinstance(records[0], Lines):
            records[0].is_first = False
        return records

    def blocks(self) -> Iterator[bytes]:
        """Yield the tokens, as any `Corpus` does."""
        self._digest = NoDigest()
        yield from map(self.tokens, self._gathered(self._separate_texts()))
        if not self._continues:
            self.first_rows = self.doubtful_rows()

    def _sources(self, path: str) -> Iterator[Source]:
        if self._range.is_whole:
            return super()._sources(path)
        return iter([Source(path, "", self._raw(path))])

    def _whole_lines(self, source: Source) -> Iterator[bytes]:
        for block in super()._whole_lines(source):
            self.has_returns = self.has_returns or b"\r" in block
            yield block

    def _encoded(self, text: str, where: str) -> bytes:
        is_first = not self.first_bad
        encoded = super()._encoded(text, where)
        if is_first and self.first_bad:
            self.rows_from = self._begin
        return encoded

    def _columns_before(self, source: Source) -> Columns:
        """The columns of the table, by its first row if that is in an earlier range."""
        columns = self._new_columns()
        if not self._continues:
            return columns
        with open_bytes(self._range.path) as file:
            if file.read(len(MARK)) != MARK:
                file.seek(0)
            while file.tell() < self._range.begin and (line := file.readline()):
                row = line.rstrip(b"\r\n")
                if row.strip():  # a row of blanks or empty fields is not the first one: see `_rows`
                    columns.begin(row.decode(errors="replace").split("\t"), source.place, "\t")
                    break
        return columns
