"""Boolean sliding windows: in how many windows of a text two words occur together.

A window of n tokens slides over each document, one token at a time. A document of L tokens has
max(L - n + 1, 1) windows; one that is shorter than the window is a single window (Röder, Both and
Hinneburg 2015, "boolean sliding window").

The windows are not visited one by one. Let a window end at position e, and let p(a) be the last
position of word a up to e. The window contains a and b if min(p(a), p(b)) > e - n. When a occurs at
position p, this minimum grows only for words b that have occurred since the last a, at a' < p(b).
The windows that then begin to contain both end at positions max(p, a' + n) to p(b) + n - 1.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import exact


@exact
def count_windows(words, starts, size, last, counts):
    """Count the windows that contain each word, and each pair of words.

    words    int32 (N,)      the number of the word of each token, below U; -1: any other token
    starts   int64 (M + 1,)  position of the first token of each document, and N
    size     int             number of tokens of a window, at least 1
    last     int64 (U,)      scratch: the last position of each word
    counts   int64 (U, U)    the diagonal is increased by the number of windows with a word. The
                             number of windows with words a and b is added to (a, b) and (b, a) in
                             two parts: the sum of both entries grows by it
    Returns  int64, number of windows
    """
    last[:] = -1
    windows = 0
    for document in range(starts.size - 1):
        begin, end = starts[document], starts[document + 1]
        length = min(np.int64(size), max(end - begin, 1))
        windows += max(end - begin, 1) - length + 1
        first_end = begin + length - 1
        for position in range(begin, end):
            word = words[position]
            if word < 0:
                continue
            before = last[word] if last[word] >= begin else position - length
            before = max(before, position - length)
            least = max(position, before + length, first_end)
            counts[word, word] += max(min(position + length, end) - least, 0)
            for other_position in range(position - 1, max(before, begin - 1), -1):
                other = words[other_position]
                if other >= 0 and last[other] == other_position:
                    together = min(other_position + length, end) - least
                    counts[word, other] += max(together, 0)
            last[word] = position
    return windows
