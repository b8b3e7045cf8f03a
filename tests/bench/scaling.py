#!/usr/bin/env python3
"""Rows that threads take from each other's caches, for 1 to 64 threads: counted, not timed.

    python tests/bench/scaling.py [--write]

The windows and the negative samples are those of skip-gram with its defaults on the first 30 MB of
enwiki100m.txt.gz of $W2V_DATA (else ../shared/data). Lock-free threads train one window after the
other, all at the same pace, each in a part of the text of its own. A row is taken from another
thread if that thread was the last to write it: its cache lines then have to come from the cache of
another processor core. With rounds a chunk shares no row with another while it is trained. Each
copy of a row is taken twice: the chunk takes the row, and the merge takes the copy. There are as
many shards as threads, but not fewer than 8. Caches are taken to be large enough for all rows.
Prints a Markdown table; --write puts it in the manual.
"""

from __future__ import annotations

import argparse

import numba
import numpy as np
from contest import publish, wikipedia

from w2v.kernels.negative_sampling import draw_negatives, draw_targets
from w2v.kernels.random import random_state
from w2v.kernels.windows import allocate_windows, build_windows
from w2v.models.skipgram import Settings
from w2v.negative_sampling.prepared_chunk import count_negatives
from w2v.negative_sampling.word_distributions import (
    alias_table,
    keep_thresholds,
    noise_probabilities,
)
from w2v.settings import TextSettings
from w2v.text.encode import open_corpus, read

SIZE = 30_000_000  # bytes of the text
THREADS = (1, 2, 4, 8, 16, 32, 64)
SETTINGS = Settings()


@numba.njit
def count_taken(threads, windows, first, last, words, targets, begin, owners):
    """Count the rows that threads take from each other, from window `begin` of each thread on.

    threads  number of threads
    windows  number of windows of each thread
    first    int32 (T, N), `last` likewise: see `Windows`
    words    int32 (T, N), the word ids
    targets  int32 (T, N, K); V marks a negative sample that is the true word, which is not trained
    begin    int
    owners   int32 (2, V), scratch: -1, then the thread that wrote each row last
    """
    taken = 0
    for window in range(windows):
        for thread in range(threads):
            for position in range(first[thread, window], last[thread, window] + 1):
                if position != window:
                    word = words[thread, position]
                    taken += window >= begin and owners[0, word] not in (-1, thread)
                    owners[0, word] = thread
            for word in targets[thread, window]:
                if word < owners.shape[1]:
                    taken += window >= begin and owners[1, word] not in (-1, thread)
                    owners[1, word] = thread
    return taken


class Text:
    """The encoded text, and what windows are built and negative samples drawn from."""

    def __init__(self, path: str):
        settings = TextSettings()
        vocabulary, self.text = read(open_corpus([path], settings, None), settings, lambda _: None)
        counts = vocabulary.counts
        self.words = counts.size
        noise = noise_probabilities(counts, SETTINGS.noise_exponent)
        self.keep, self.noise = keep_thresholds(counts, SETTINGS.sample), alias_table(noise)
        self.cumulative = np.cumsum(noise)

    def windows(self, place: float, words: int) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        """The windows of so many words of the text; and a random state.

        place    where they begin, from 0 to 1
        Returns  (word ids, first, last), see `Windows`; and uint64 (1,)
        """
        begin, built = int(place * self.text.size), allocate_windows(words)
        state = random_state(1, begin)
        count = build_windows(
            *self.text.part(begin, begin + words), self.keep, SETTINGS.window, True, 0.025, 0.025,
            state, np.empty(0, np.uint64), built,
        )  # fmt: skip
        return tuple(array[:count] for array in built[:3]), state


def lock_free(text: Text, threads: int) -> float:
    """Rows a window that lock-free threads take from each other."""
    parts, targets = [], []
    for thread in range(threads):
        (ids, first, last), state = text.windows(thread / threads, 20_000)
        drawn = np.full((ids.size, 1 + SETTINGS.negative), text.words, np.int32)
        draw_targets(ids, ids.size, SETTINGS.negative, text.noise, text.words, state, drawn)
        parts.append((ids, first, last))
        targets.append(drawn)
    count = min(ids.size for ids, _, _ in parts)
    ids, first, last = (np.array([part[i][:count] for part in parts]) for i in range(3))
    last = np.minimum(last, count - 1)
    owners, begin = np.full((2, text.words), -1, np.int32), count // 2
    drawn = np.array([each[:count] for each in targets])
    taken = count_taken(threads, count, first, last, ids, drawn, begin, owners)
    return taken / (threads * (count - begin))


def rounds(text: Text, threads: int) -> float:
    """Rows a window that the threads of synchronous rounds take from each other."""
    shards = max(SETTINGS.shards, threads)
    needed, windows = np.zeros((2, text.words), np.int64), 0
    for shard in range(shards):
        (ids, _, _), state = text.windows(shard / shards, SETTINGS.round_words)
        negatives = np.empty(count_negatives(ids.size, SETTINGS.negative), np.int32)
        draw_negatives(text.cumulative, state, negatives)
        needed[0, np.unique(ids)] += 1
        needed[1, np.unique(np.concatenate([ids, negatives]))] += 1
        windows += ids.size
    copies = needed[needed > 1].sum()
    return 2 * copies / windows * (1 - 1 / threads)  # the thread itself has one in `threads`


def main() -> None:
    """Count for each number of threads, and publish the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    rows = ["| threads | rows a window, lock-free | rows a window, rounds |", "|---|---|---|"]
    with wikipedia(SIZE) as (_, path, _):
        text = Text(str(path))
    for threads in THREADS:
        rows.append(f"| {threads} | {lock_free(text, threads):.2f} | {rounds(text, threads):.2f} |")
    publish({"scaling": "\n".join(rows)}, args.write)


if __name__ == "__main__":
    main()
