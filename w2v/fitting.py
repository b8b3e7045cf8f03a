"""Fitting subwords to finished vectors: `w2v.fit_subwords`, and what `w2v subwords` shares."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from w2v.embeddings import container, formats, subword_tensors
from w2v.embeddings.formats import safetensors
from w2v.errors import W2VError
from w2v.kernels.cache import is_cold
from w2v.log_console import LogConsole
from w2v.negative_sampling.subword_fit import KERNELS, FittedSubwords, SubwordFit
from w2v.runs import memory
from w2v.runs.text_messages import say_compiling
from w2v.setting_fields import check
from w2v.settings import SubwordSettings
from w2v.system import python_arguments, resources
from w2v.system.progress import plural
from w2v.system.resources import readable
from w2v.vectors import Vectors

if TYPE_CHECKING:
    from w2v.embeddings.table import Table
    from w2v.runs.text_messages import Console


def fit_subwords(
    vectors: Vectors,
    *,
    subwords: str = "3-6",
    buckets: int = 0,
    subword_min_count: int = 1,
    held_out: int | None = None,
    threads: int | None = None,
    on_progress: Callable[[object], None] | None = None,
) -> Vectors:
    """Give finished word vectors subwords, so that they have a vector for every word.

    The vectors of the words stay as they are. The command `w2v subwords` does the same.

    vectors            the vectors of words, such as those of `w2v.load`
    subwords           numbers of characters of the shortest and the longest n-grams
    buckets            number of buckets that n-grams are hashed to; 0: each n-gram that occurs has
                       a row of its own
    subword_min_count  leave out n-grams that occur in fewer words
    held_out           number of words to hold out of the fit; their composed vectors are compared
                       with the given ones. None: one of 20 words, at most 1,000
    threads            number of worker threads; None: as many as available processors
    on_progress        a function that is called with the progress as a text, at most five times a
                       second, such as `print`
    Returns            new `Vectors`; the mean cosine of the held-out words is logged
    Raises             W2VError for a wrong argument, or if no word can be fitted

        vectors = w2v.fit_subwords(w2v.load("glove.txt"))
        vectors["unseenword"]
        vectors.save("subwords.safetensors")
    """
    if not isinstance(vectors, Vectors):
        raise W2VError(f"vectors: expected w2v.Vectors, found {type(vectors).__name__}")
    settings = SubwordSettings(
        subwords,
        python_arguments.whole(buckets, "buckets", 0),
        python_arguments.whole(subword_min_count, "subword_min_count", 1),
    )
    held = None if held_out is None else python_arguments.whole(held_out, "held_out", 0)
    count = None if threads is None else python_arguments.whole(threads, "threads", 1)
    fitted = fit_table(vectors._table, settings, held, count, LogConsole(on_progress))
    return Vectors._of(fitted.table, subword_tensors.TABLE, "")


def fit_table(
    table: Table, settings: SubwordSettings, held_out: int | None, threads: int | None,
    console: Console,
) -> FittedSubwords:  # fmt: skip
    """Fit subwords to the vectors of a table, and report it on a console.

    settings  lengths of n-grams, buckets, and in how many words an n-gram must occur
    held_out  number of words to hold out; None: the default
    threads   number of worker threads; None: as many as available processors
    Raises    W2VError if a setting is wrong, no word can be fitted, or memory is too small
    """
    check(settings)
    if not settings.has_subwords:
        raise W2VError("--subwords none: give the numbers of characters of n-grams, such as 3-6")
    _ = settings.ngram_lengths  # raises an error before the long work
    if not len(table):
        raise W2VError("there are no words whose vectors n-grams could be fitted to")
    if table.subwords is not None:
        console.warn("these vectors already have subwords, which are replaced")
    fewer = "fewer lengths in --subwords, or fewer words, with w2v convert IN OUT --limit N"
    memory.check_numbering(table.names, settings, None, fewer)
    if is_cold(*KERNELS):
        say_compiling(console)
    fit = SubwordFit(table, settings, held_out, threads or resources.processors())
    needed = fit.memory_bytes()
    console.say(
        f"{plural(fit.ngrams, 'n-gram')} of {plural(fit.words, 'word')}; memory: "
        f"{readable(resources.used_memory() + needed)}"
    )
    fit.check_memory(resources.available_memory())
    fitted = fit.run(console.show)
    if fitted.held_out:
        console.say(f"{plural(fitted.held_out, 'word')} held out: {_judgement(fitted)}")
    return fitted


def _judgement(fitted: FittedSubwords) -> str:
    """How near the composed vectors of held-out words come to the given ones."""
    if not fitted.composed:
        return "none has an n-gram of another word"
    few = f" ({fitted.composed:,} have a known n-gram)" * (fitted.composed < fitted.held_out)
    return (
        f"mean cosine {fitted.cosine:.3f} of their composed and given vectors{few}, "
        f"{fitted.centered:.3f} after subtracting the mean of all vectors"
    )


def write(path: str, fitted: FittedSubwords, source: str) -> None:
    """Write fitted vectors as a container, completely or not at all.

    source  the file of the given vectors; the settings of a model's text are kept
    """
    arrays, metadata = subword_tensors.stored(fitted.subwords)
    metadata |= safetensors.text_settings(fitted.table, formats.contents(source)[1])
    if fitted.composed:
        cosines = {"cosine": fitted.cosine, "centered_cosine": fitted.centered}
        rounded = {name: round(cosine, 6) for name, cosine in cosines.items()}
        judged = {"held_out": fitted.held_out, **rounded}
        metadata["fit"] = json.dumps(judged, sort_keys=True)
    tensors = container.table_tensors(subword_tensors.TABLE, fitted.table) | arrays
    container.write(path, tensors, {**container.file_metadata(), **metadata})
