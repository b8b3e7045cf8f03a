"""Word vectors composed from subwords: computed before training, and their changes after it.

The vector of a word w is the mean of n rows: its own row and the rows of its character n-grams
g_1, g_2, ... (Bojanowski et al. 2017, section 3.2; see `ngrams`). It is computed once for many
steps of training, and its change is then added to each of its rows:

    v = 1/n (vectors[w] + Σ vectors[g_i])
    steps of training on v, as on any input vector, which give v'
    vectors[w] += v' - v,  vectors[g_i] += v' - v

N-grams that occur in the same words always move by the same change. They can therefore share a
row, which counts once for each of them (see `subword_rows.share_rows`): v is Σ s_i vectors[r_i],
where s_i = (number of n-grams that share r_i) / n, and each row moves once.

The gradient would add (v' - v) / n to each row. fastText adds the whole step too
(model.cc, `update`), so that v moves as far as the vector of a word without subwords would, and
the usual learning rates hold. An n-gram that occurs twice in a word is counted twice and moves
twice, as in fastText, except in words that consist of repetitions, such as a line of dashes.

fastText composes the vector in each step. Here each word of a segment of windows is composed once,
so that the many rows are read and written less often. The words of a segment do not see each
other's changes of the n-grams that they share. `negative_sampling.worker` says how long a segment
is, and `tests/bench/composing.py` compares the quality with that of composing in each step.
"""

from __future__ import annotations

from w2v.kernels import inlined, jit
from w2v.kernels.simd import load, multiply_add, prefetch, splat, store


@inlined
def prefetch_row(vectors, offsets, rows, word, number, registers):
    """Prefetch one of the rows of a word, if it has so many.

    While a row of a word is used, the row with the same number of the next word is prefetched.
    Processors fetch few cache lines at once, so that evenly spread prefetches wait less. Composing
    and scattering take 0.85 times as long as with all rows of a word prefetched at once
    (skip-gram's words of 100 MB of Wikipedia, 7 registers).

    vectors    float (M, D)    see `compose_words`
    offsets    int64 (V + 1,)
    rows       int32 (·,)
    word       int
    number     int             the number of the row among those of the word, from 0
    registers  int             D / 16
    """
    at = offsets[word] + number
    if at < offsets[word + 1]:
        for register in range(registers):
            prefetch(vectors, rows[at], register)


@inlined
def most_rows(offsets, first, second):
    """The number of rows of one of two words: of the one that has more.

    offsets  int64 (V + 1,)  see `compose_words`
    first    int             a word
    second   int             another word
    Returns  int64
    """
    return max(offsets[first + 1] - offsets[first], offsets[second + 1] - offsets[second])


@jit
def compose_words(vectors, offsets, rows, shares, words, count, composed, before, registers):
    """Compute the vectors of words.

    vectors    float (M, D)
    offsets    int64 (V + 1,)  the rows of word w are rows[offsets[w]:offsets[w + 1]]
    rows       int32 (·,)      row numbers of `vectors`
    shares     float (·,)      the factor of each row
    words      int32 (K,)      the words
    count      int             number of words that are composed
    composed   float (·, D)    row i is overwritten by the vector of words[i]
    before     float (·, D)    row i is overwritten by the same vector
    registers  int             D / 16
    """
    zero = splat(vectors.dtype.type(0.0))
    for i in range(count):
        word, following = words[i], words[min(i + 1, count - 1)]
        first, last = offsets[word], offsets[word + 1]
        for register in range(registers):
            store(composed, i, register, zero)
        for number in range(most_rows(offsets, word, following)):
            prefetch_row(vectors, offsets, rows, following, number, registers)
            at = first + number
            if at < last:
                share = splat(shares[at])
                for register in range(registers):
                    total = load(composed, i, register)
                    total = multiply_add(share, load(vectors, rows[at], register), total)
                    store(composed, i, register, total)
        for register in range(registers):
            store(before, i, register, load(composed, i, register))


@jit
def scatter_changes(vectors, offsets, rows, words, count, composed, before, registers):
    """Add the change of each composed vector to the rows that it was composed from.

    vectors    float (M, D)    changed in place
    offsets    int64 (V + 1,)  see `compose_words`
    rows       int32 (·,)      see `compose_words`
    words      int32 (K,)      the words
    count      int             number of words
    composed   float (·, D)    the vectors after training
    before     float (·, D)    the vectors before training; overwritten by the changes
    registers  int             D / 16
    """
    minus, one = splat(vectors.dtype.type(-1.0)), splat(vectors.dtype.type(1.0))
    for i in range(count):
        word, following = words[i], words[min(i + 1, count - 1)]
        first, last = offsets[word], offsets[word + 1]
        for register in range(registers):
            change = multiply_add(minus, load(before, i, register), load(composed, i, register))
            store(before, i, register, change)
        for number in range(most_rows(offsets, word, following)):
            prefetch_row(vectors, offsets, rows, following, number, registers)
            at = first + number
            if at < last:
                row = rows[at]
                for register in range(registers):
                    change = load(before, i, register)
                    moved = multiply_add(one, change, load(vectors, row, register))
                    store(vectors, row, register, moved)
