"""The disk space that the word ids of a text will need, estimated while the text is read."""

from __future__ import annotations

from w2v.errors import W2VError
from w2v.system import scratch, spooled_array
from w2v.system.resources import readable
from w2v.text.corpus import Corpus
from w2v.text.numbered_text import NumberedText

_MARGIN = 1.1  # The estimate may be too high by a tenth, because texts are not the same everywhere.
# The estimate needs a tenth of the text, or so many bytes of ids: about 36 million tokens. The text
# is read ahead of its ids, by up to two parts of 4 MiB for each thread, so that earlier estimates
# are too low.
_LEAST_SHARE, _LEAST_BYTES = 0.1, 1 << 26
_START_BYTES = 8  # of the position where a sentence begins, in `EncodedText.starts`


def check_space(corpus: Corpus, text: NumberedText, sentences: int, copies: int = 0) -> None:
    """Raise W2VError if the disk will be full before the rest of a text has been encoded.

    It is called after each part of the text. The space is estimated from the part that has been
    read, so that it is not checked for a text of unknown size, such as stdin.

    text       the part of the text that has been read
    sentences  the number of its sentences; where they begin is written when all has been read
    copies     the number of further copies of all word ids that will be on disk at a time
    """
    if not corpus.size or not corpus.bytes_read or text.bytes <= spooled_array.IN_MEMORY:
        return
    share = min(corpus.bytes_read / corpus.size, 1.0)
    if share < _LEAST_SHARE and text.bytes < _LEAST_BYTES:
        return
    needed = (text.bytes * (1 - share + copies) + _START_BYTES * sentences) / share
    free = scratch.free_bytes()
    if needed > _MARGIN * free:
        raise W2VError(
            f"{scratch.folder()}: the word ids of {corpus.source} need about {readable(needed)} "
            f"more on disk, but only {readable(free)} are free: {scratch.advice()}"
        )
