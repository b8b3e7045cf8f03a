"""Seed words, which steer topics of LDA: their file, and the prior that follows from them.

Each line of the file steers a topic, the first line topic 0: a name, a tab, and words.

    space<TAB>space nasa orbit launch:2
    medicine<TAB>doctor disease patient

The prior of a word in a topic is eta. A seed word w with the weight a has in its topic the prior
eta + s. With n_w tokens of w, N tokens in the text and K topics, the pseudo-counts s are

    s = max(1, round(a min(n_w, N / (20 K))))

With the weight 1, the sampler thus sees each token of the word once more, in this topic, but no
more of these than a twentieth of the tokens of a mean topic. Before the first epoch, the tokens of
a seed word get its topic instead of a random one.

Measured on 20 Newsgroups without headers (1.14 million tokens, 20 topics, 5 of them with 3 or 4
seed words, 100 epochs, seeds 1 to 3). The AUC is that of the share of a seeded topic as a score of
its newsgroup. With s = 0.1, 1 and 2 n_w it is 0.92, 0.94 and 0.92, and no other topic is better in
14, 15 and 14 of 15 cases. The NPMI of the seeded topics is 0.28, 0.30 and 0.34, and the held-out
perplexity 2,472, 2,493 and 2,484 (2,486 without seeds). With 10 n_w the seed words swallow three of
the topics, which have 0.2 % to 0.4 % of the tokens. With 0.1 n_w and random first topics, only 2 of
5 topics are found. The limit is for frequent seed words: of 100 topics, the one with the seeds
people, government and president got 0.1 % of the tokens without the limit, and 1.4 % with it.

Rare seed words may be too weak: with one rare word for each of four topics and three for the fifth,
8 of 10 topics were found (200 epochs, seeds 1 and 2). Four times their pseudo-counts did not help
(12 of 15 instead of 11 of 15, 100 epochs, seeds 1 to 3). Nor did it help to draw the first topics
of a tenth of the other tokens in documents of seed words from the topics of these words: again 8 of
10 were found, and with more seed words 6 instead of 10 of 10.

Sources: Griffiths and Steyvers 2004 for the sampler; Jagarlamudi, Daumé and Udupa 2012,
"Incorporating lexical priors into topic models", for seed words; Wallach, Mimno and McCallum 2009
for priors of words in topics that are not symmetric.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import starmap
from typing import NamedTuple

import numpy as np

from w2v.embeddings import container
from w2v.errors import W2VError
from w2v.settings import TextSettings
from w2v.system.pipes import name_of
from w2v.system.progress import plural
from w2v.system.text_file import numbered_lines
from w2v.text.tokenizers import words_of
from w2v.topics.sparse_counts import NO_COUNTS, SparseCounts

LARGEST_WEIGHT = 100
_LARGEST_COUNT = 1 << 30  # of the pseudo-counts of a topic; the kernels add int32
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_EXAMPLE = "expected a name, a tab and words, such as 'space<TAB>nasa orbit:2'"
_SHARE = 20  # a twentieth of the tokens of a mean topic limits the pseudo-counts of a seed word
_SHOWN = 20  # words that a message lists
_UNKNOWN = "not in the vocabulary"
_LEFT_OUT = "left out by --stopwords, --min-df, --max-df or --drop-top"
_ADVICE = {  # if no word of a line is a term, by the reason for which words are left out
    _UNKNOWN: "check their spelling, or lower --min-count",
    _LEFT_OUT: "give other words, or change these options",
}
_SPLIT_ADVICE = "give words that it does not split"


class SeedTopic(NamedTuple):
    """A line of the file of seeds.

    name     the name of the topic
    weights  the weight of each seed word, as it is written in the file
    place    the file and the line, for messages
    """

    name: str
    weights: dict[str, float]
    place: str


def read_seeds(given: str, topics: int) -> list[SeedTopic]:
    """The seeds in a value of --seeds, in the order of the topics that they steer.

    given   the path of a file. A Python program may also give its content, which has a line end
    topics  the number of topics of the model
    Raises  W2VError for a line that is no name, tab and words, for a word or name that occurs
            twice, for a weight out of its range, for no line or more lines than topics; OSError if
            the file cannot be read
    """
    seeds: list[SeedTopic] = []
    names: set[str] = set()
    for place, line in _lines(given):
        if not line.strip() or line.startswith("#"):
            continue
        name, tab, words = line.partition("\t")
        name = name.strip()
        if not (tab and name and words.strip()):
            raise W2VError(f"{place}: {_EXAMPLE}; found {line[:60]!r}")
        if name in names:
            raise W2VError(
                f"{place}: the topic {name!r} has a line already: write all its words on one line"
            )
        if len(seeds) == topics:
            raise W2VError(
                f"{place}: a seed for topic {topics + 1}, but there are only --topics {topics}: "
                "raise --topics or remove lines"
            )
        names.add(name)
        seeds.append(SeedTopic(name, _weights(words, place), place))
    if not seeds:
        raise W2VError(f"{_source(given)}: no seed words: {_EXAMPLE}")
    return seeds


def _source(given: str) -> str:
    """The name of a value of --seeds in messages."""
    return "seeds" if "\n" in given else name_of(given)


def _lines(given: str) -> Iterator[tuple[str, str]]:
    """The place and the text of each line of a value of --seeds, see `read_seeds`."""
    if "\n" in given:
        text = given.encode("utf-8", "replace").decode()  # a Python string may have surrogates
        lines: Iterator[tuple[int, str]] = enumerate(text.split("\n"), 1)
    else:
        lines = numbered_lines(given)
    for number, line in lines:
        yield f"{_source(given)}: line {number}", line


def _weights(words: str, place: str) -> dict[str, float]:
    """The weight of each word of a line."""
    weights: dict[str, float] = {}
    for token in words.encode().split():  # bytes are split at ASCII blanks, as the text
        text = token.decode()
        word, _, number = text.rpartition(":")
        if not (word and _NUMBER.fullmatch(number)):
            word, number = text, "1"
        weight = float(number)
        if not 0 < weight <= LARGEST_WEIGHT:
            raise W2VError(
                f"{place}: the weight of {text!r} is out of range: more than 0, at most "
                f"{LARGEST_WEIGHT}"
            )
        if word in weights:
            raise W2VError(f"{place}: the word {word!r} occurs twice: remove one of them")
        weights[word] = weight
    return weights


class Seeds(NamedTuple):
    """The seeds of a run.

    names          the names of the K topics; a topic without seeds has the name ""
    pseudo_counts  s, the prior that follows from the seeds
    notes          messages: how many seed words are used, then which are not, by reason
    """

    names: list[str]
    pseudo_counts: SparseCounts
    notes: list[str]

    def tensors(self) -> dict[str, np.ndarray]:
        """The arrays of a model file that store the names and the pseudo-counts."""
        names = [name.encode() for name in self.names]
        offsets = np.cumsum([0, *map(len, names)])
        text = np.frombuffer(b"".join(names), np.uint8)
        pairs = self.pseudo_counts._asdict()
        tensors = {f"seeds.{name}": array for name, array in pairs.items()}
        return {"topics.names": text, "topics.offsets": offsets, **tensors}


NO_SEEDS = Seeds([], NO_COUNTS, [])


def place_seeds(
    seeds: Sequence[SeedTopic],
    topics: int,
    names: Sequence[str],
    kept: np.ndarray,
    word_counts: np.ndarray,
    text: TextSettings,
) -> Seeds:
    """Find seed words in a vocabulary, and compute their pseudo-counts.

    seeds        the lines of the file
    topics       the number of topics of the model
    names        the words of the vocabulary
    kept         int64 (V,), the ids of the words that are terms, in ascending order
    word_counts  int (V,), the number of tokens of each term
    text         the settings of tokenizing, which apply to seed words too
    Raises       W2VError for a line without any term, or pseudo-counts that are too large

    Words that the vocabulary lacks, that are no terms, or that the tokenizer splits are left out.
    """
    spelt = {word: words_of(word, text) for seed in seeds for word in seed.weights}
    wanted = {token for tokens in spelt.values() for token in tokens}
    ids = {name: number for number, name in enumerate(names) if name in wanted}
    left_out: dict[str, list[str]] = {}
    pairs: dict[tuple[int, int], int] = {}
    for topic, seed in enumerate(seeds):
        found, left_out_here = 0, dict[str, list[str]]()
        for word, weight in seed.weights.items():
            tokens = spelt[word]
            number = ids.get(tokens[0], -1) if len(tokens) == 1 else -1
            term = int(np.searchsorted(kept, number))
            if len(tokens) > 1:
                reason = f"--tokenizer {text.tokenizer} splits it"
            elif number < 0:
                reason = _UNKNOWN
            elif term == kept.size or kept[term] != number:
                reason = _LEFT_OUT
            elif (term, topic) in pairs:
                reason = "the same word as another seed of its line"
            else:
                pairs[term, topic] = pseudo_count(
                    weight, int(word_counts[term]), int(word_counts.sum()) / topics
                )
                found += 1
                continue
            for words in (left_out, left_out_here):
                words.setdefault(reason, []).append(word)
        if not found:
            raise W2VError(
                f"{seed.place}: none of the words of the topic {seed.name!r} is a term of the "
                f"model: {'; '.join(starmap(_with_advice, left_out_here.items()))}"
            )
    entries = np.array([(*pair, pairs[pair]) for pair in sorted(pairs)], np.int64)
    sums = np.bincount(entries[:, 1], entries[:, 2])
    if sums.max() > _LARGEST_COUNT:
        topic = int(sums.argmax())
        raise W2VError(f"{seeds[topic].place}: the weights are too large: lower them")
    counts = SparseCounts(*np.ascontiguousarray(entries.T.astype(np.int32)))
    notes = [f"seeds: {plural(len(pairs), 'word')} in {plural(len(seeds), 'topic')}"]
    notes += [
        f"seed words that are not used: {_listed(words)}: {reason}"
        for reason, words in left_out.items()
    ]
    return Seeds([*(seed.name for seed in seeds), *[""] * (topics - len(seeds))], counts, notes)


def _with_advice(reason: str, words: Sequence[str]) -> str:
    """Some words of a line, why they are left out, and what to do about it."""
    return f"{_listed(words)}: {reason} ({_ADVICE.get(reason, _SPLIT_ADVICE)})"


def pseudo_count(weight: float, count: int, mean_size: float) -> int:
    """The pseudo-counts s of a seed word, at least 1.

    weight     the weight a
    count      n_w, the number of tokens of the word
    mean_size  N / K, the number of tokens of a mean topic
    """
    return max(1, round(weight * min(count, mean_size / _SHARE)))


def _listed(words: Sequence[str]) -> str:
    """The number of words, and the first of them."""
    more = ", ..." if len(words) > _SHOWN else ""
    return f"{len(words):,} ({', '.join(words[:_SHOWN])}{more})"


def read_pseudo_counts(tensors: Mapping[str, np.ndarray], shape: tuple[int, int]) -> SparseCounts:
    """The pseudo-counts in a file; none for a file without seeds.

    tensors  the tensors of the file
    shape    (V, K)
    Raises   KeyError or ValueError if tensors are missing, or their shapes or values are wrong
    """
    if "seeds.words" not in tensors:
        return NO_COUNTS
    found = SparseCounts(*(tensors[f"seeds.{name}"] for name in SparseCounts._fields))
    words, topics, counts = found
    sizes = {array.shape for array in found}
    if len(sizes) > 1 or words.ndim != 1 or any(array.dtype.kind != "i" for array in found):
        raise ValueError("seeds")
    fit = words.size == 0 or (
        0 <= words.min() <= words.max() < shape[0] and 0 <= topics.min() <= topics.max() < shape[1]
    )
    if not fit or (counts < 0).any() or (np.diff(words) < 0).any():
        raise ValueError("seeds")
    return found


def stored_topic_names(tensors: Mapping[str, np.ndarray], topics: int) -> list[str]:
    """The names of the topics in a file; empty for a file without names.

    Raises  KeyError or ValueError if there are not as many names as topics
    """
    if "topics.names" not in tensors:
        return []
    names = container.read_names(tensors, "topics")
    if len(names) != topics:
        raise ValueError("topics.names")
    return names
