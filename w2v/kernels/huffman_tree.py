"""The Huffman tree of words, and the path of inner nodes to each word.

The V words are the leaves of a binary tree (Huffman 1952). It is built from the bottom: the two
nodes with the lowest counts become the children of a new inner node, whose count is their sum. The
mean length of the paths, weighted by the counts, is then as short as in any binary tree. The V - 1
inner nodes are numbered from 0 in the order in which they are made, so that the root is V - 2.

Ties are broken as in word2vec.c: the words are ordered by falling count. The next node is the last
word that is left, if its count is lower than that of the first inner node that is left, and else
that inner node. The first of the two nodes becomes the left child.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import jit

_MOST = np.int64(1) << 62  # more than any sum of counts


@jit
def build_tree(counts, sums, parents, is_left):
    """Build the Huffman tree of words.

    counts   int64 (V,)      falling
    sums     int64 (2V - 1,) scratch: the count of each word, then of each inner node
    parents  int32 (2V - 1,) overwritten by the inner node above each word and each inner node; -1
                             above the root
    is_left  bool (2V - 1,)  overwritten: whether each of them is a left child
    """
    words = counts.size
    for word in range(words):
        sums[word] = counts[word]
    for node in range(words, sums.size):
        sums[node] = _MOST
    leaf, inner = words - 1, words
    for made in range(words, sums.size):
        total = 0
        for side in range(2):
            if leaf >= 0 and sums[leaf] < sums[inner]:
                child = leaf
                leaf -= 1
            else:
                child = inner
                inner += 1
            parents[child], is_left[child] = made - words, side == 0
            total += sums[child]
        sums[made] = total
    parents[sums.size - 1], is_left[sums.size - 1] = -1, False


@jit
def path_lengths(parents, lengths):
    """Count the inner nodes on the path from the root to each word.

    parents  int32 (2V - 1,)  see `build_tree`
    lengths  int32 (2V - 1,)  overwritten by the number for each word, then for each inner node
    """
    words = (parents.size + 1) // 2
    lengths[parents.size - 1] = 0
    for child in range(parents.size - 2, -1, -1):  # a parent has a higher number than its children
        lengths[child] = lengths[words + parents[child]] + 1


@jit
def fill_paths(parents, is_left, lengths, words, padding_id, offsets, nodes, lefts):
    """List the inner nodes on the path to each word, those where the path goes left first.

    parents     int32 (2V - 1,)  see `build_tree`
    is_left     bool (2V - 1,)   see `build_tree`
    lengths     int32 (2V - 1,)  see `path_lengths`
    words       int64 (V,)       the word of each leaf
    padding_id  int              written after the nodes of a path
    offsets     int64 (V + 1,)   word w has the places nodes[offsets[w]:offsets[w + 1]]
    nodes       int32 (P,)       overwritten
    lefts       int32 (V,)       overwritten by the number of nodes where the path to each word goes
                                 left
    """
    for leaf in range(words.size):
        word = words[leaf]
        left, end = offsets[word], offsets[word] + lengths[leaf]
        right, child = end - 1, leaf
        for _ in range(lengths[leaf]):
            node = parents[child]
            if is_left[child]:
                nodes[left] = node
                left += 1
            else:
                nodes[right] = node
                right -= 1
            child = words.size + node
        for place in range(end, offsets[word + 1]):
            nodes[place] = padding_id
        lefts[word] = left - offsets[word]
