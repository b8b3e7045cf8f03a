"""A reference implementation of every kernel, written from the papers, in plain Python and NumPy.

Tests compare the kernels with these functions. They have the kernels' names. Where two kernels
share a name, the name of the module is put before it.
"""

import re
from typing import NamedTuple

import numpy as np

from w2v.kernels.sparse_gibbs import REJECTIONS, TIMES
from w2v.text import tokenizers

MASK = (1 << 64) - 1


class Window(NamedTuple):
    """A window of the text.

    center    id of the center word
    context   ids of the context words
    lr        learning rate
    before    number of context words before the center word
    sentence  number of the sentence
    """

    center: int
    context: list
    lr: float
    before: int
    sentence: int


class Random:
    """Random numbers by xorshift64 (Marsaglia 2003), on Python integers."""

    def __init__(self, state):
        self.state = int(state)

    def next_random(self):
        x = self.state
        x ^= (x << 13) & MASK
        x ^= x >> 7
        x ^= (x << 17) & MASK
        self.state = x
        return x

    def next_below(self, limit):
        return (self.next_random() >> 32) * limit >> 32

    def draw_noise(self, table):
        bits = self.next_random()
        slot = (bits >> 32) * len(table) >> 32
        threshold, alias = divmod(int(table[slot]), 1 << 32)
        return slot if bits & 0xFFFFFFFF < threshold else alias

    def subsample(self, words, keep):
        return [w for w in words if self.next_random() >> 32 <= keep[w]]

    def draw_radius(self, window, shrink):
        return 1 + self.next_below(window) if shrink else window

    def draw_target_row(self, center, negative, table):
        noise = [self.draw_noise(table) for _ in range(negative)]
        return [center, *(word for word in noise if word != center)]

    def draw_negatives(self, cumulative, size):
        points = (np.arange(size) + (self.next_random() >> 11) / 2**53) / size * cumulative[-1]
        return np.searchsorted(cumulative, points, "right").tolist()

    def draw_targets(self, centers, negative, table):
        return [self.draw_target_row(center, negative, table) for center in centers]

    def build_windows(self, sentences, keep, window, shrink, lr_first, lr_last, streams=None):
        """A `Window` for each word that subsampling keeps.

        streams  random state for each sentence, changed in place; None: all share one state
        """
        size = sum(map(len, sentences))
        windows, begin = [], 0
        for number, sentence in enumerate(sentences):
            if streams is not None:
                self.state = streams[number]
            words = self.subsample(sentence, keep)
            for i, center in enumerate(words):
                radius = self.draw_radius(window, shrink)
                context = words[max(i - radius, 0) : i] + words[i + 1 : i + 1 + radius]
                share = (begin + len(sentence) * i / len(words)) / size
                lr = lr_first + (lr_last - lr_first) * share
                windows.append(Window(center, context, lr, min(i, radius), number))
            begin += len(sentence)
            if streams is not None:
                streams[number] = self.state
        return windows

    def draw_document_targets(self, windows, negative, table, streams=None):
        rows, span = [], None
        for window in windows:
            if streams is not None and window.sentence != span:
                span = window.sentence
                self.state = streams[span]
            rows.append(self.draw_target_row(window.center, negative, table))
        return rows


def build_alias(probabilities):
    """The distribution that the kernel's alias table must represent."""
    return probabilities / probabilities.sum()


def alias_probabilities(table):
    """The distribution that an alias table draws from."""
    threshold, alias = np.divmod(table, np.uint64(1 << 32))
    own = threshold / 2.0**32
    chances = own.copy()
    np.add.at(chances, alias.astype(int), 1 - own)
    return chances / len(own)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def exp_minus_abs(x):
    return np.exp(-np.abs(x))


def logistic_steps(scores, lr):
    """The sum of losses of scores of negative samples, and the steps of the scores."""
    return np.logaddexp(0, scores).sum(), -lr * sigmoid(scores)


def labelled(row):
    """The targets of a row and their labels.

    A row is a dictionary of targets and labels, or a list whose first target has label 1.
    """
    if isinstance(row, dict):
        return list(row), np.array(list(row.values()), float)
    return list(row), (np.arange(len(row)) == 0).astype(float)


def train_batch(inputs, outputs, context, targets, lr, frozen=()):
    """One SGD step of Mikolov et al. 2013b, eq. 4, for several input vectors and the same targets.

    The targets are `labelled`. Input vectors of `frozen` words are not changed. Returns the sum of
    losses.
    """
    targets, labels = labelled(targets)
    vectors, words = inputs[context], outputs[targets]
    scores = vectors @ words.T
    loss = np.logaddexp(0, np.where(labels, -scores, scores)).sum()
    steps = lr * (labels - sigmoid(scores))
    unchanged = inputs[list(frozen)]
    np.add.at(inputs, context, steps @ words)
    inputs[list(frozen)] = unchanged
    np.add.at(outputs, targets, steps.T @ vectors)
    return loss


def train_vector(vector, outputs, *rows, lr, fixed=False):
    """One SGD step for one input vector and rows of targets, which are `labelled`.

    Returns (sum of losses, step of the input vector), and adds the steps of the output vectors,
    unless they are `fixed`. A repeated target gets a step for each repetition.
    """
    targets = [target for row in rows for target in labelled(row)[0]]
    labels = np.concatenate([labelled(row)[1] for row in rows])
    scores = outputs[targets] @ vector
    loss = np.logaddexp(0, np.where(labels, -scores, scores)).sum()
    step = np.zeros_like(vector)
    for target, error in zip(targets, lr * (labels - sigmoid(scores)), strict=True):
        step += error * outputs[target]
        outputs[target] += 0 if fixed else error * vector
    return loss, step


def skipgram_train_windows(windows, inputs, outputs, table, negative, rng, batch=32):
    """Skip-gram: `batch` positions of a window at a time, all with the same negative samples."""
    rows = rng.draw_targets([center for center, *_ in windows], negative, table)
    return train_windows_on(windows, rows, inputs, outputs, batch)


def train_windows_on(windows, rows, inputs, outputs, batch=32):
    """Skip-gram on rows of targets, one for each window."""
    losses, pairs = 0.0, 0
    for (_, context, lr, offset, _), targets in zip(windows, rows, strict=True):
        around = [*context[:offset], None, *context[offset:]]
        for begin in range(0, len(around), batch):
            ids = [word for word in around[begin : begin + batch] if word is not None]
            losses += train_batch(inputs, outputs, ids, targets, lr)
            pairs += len(ids)
    return losses, pairs


def train_pairs(windows, inputs, outputs, table, negative, rng):
    losses = []
    for center, context, lr, *_ in windows:
        for word in context:
            targets = rng.draw_target_row(center, negative, table)
            loss, step = train_vector(inputs[word], outputs, targets, lr=lr)
            inputs[word] += step
            losses.append(loss)
    return sum(losses), len(losses)


def mean_context(inputs, context):
    return inputs[context].mean(axis=0)


def cbow_train_windows(windows, inputs, outputs, table, negative, rng, divide=False):
    rows = rng.draw_targets([center for center, *_ in windows], negative, table)
    return train_means_on(windows, rows, inputs, outputs, divide)


def train_means_on(windows, rows, inputs, outputs, divide=False):
    """CBOW on rows of targets, one for each window."""
    losses = []
    for (_, context, lr, *_), targets in zip(windows, rows, strict=True):
        if context:
            loss, step = train_vector(mean_context(inputs, context), outputs, targets, lr=lr)
            for word in context:
                inputs[word] += step / len(context) if divide else step
            losses.append(loss)
    return sum(losses), len(losses)


def gather_spans(text, begins, ends):
    return [text[begin:end] for begin, end in zip(begins, ends, strict=True)]


def seed_spans(spans, key, mixing_steps=8):
    """A random state for each span, a hash of its words by xorshift64."""
    states = []
    for span in spans:
        rng = Random(key)
        for word in span:
            rng.state ^= word + 1
            rng.next_random()
        for _ in range(mixing_steps):
            rng.next_random()
        states.append(max(rng.state, 1))
    return states


def train_documents(windows, rows, targets, documents, inputs, outputs, fixed=False, most=4):
    """PV-DBOW (Le & Mikolov 2014, section 2.3), `most` words of a document in one step.

    rows       row in `documents` of each document of the text
    documents  document vectors, changed in place
    fixed      whether output vectors are not changed, as in inference
    """
    total = 0
    for number, document in enumerate(rows):
        inside = [i for i, window in enumerate(windows) if window.sentence == number]
        for begin in range(0, len(inside), most):
            part = [targets[i] for i in inside[begin : begin + most]]
            lr = windows[inside[begin]].lr
            loss, step = train_vector(documents[document], outputs, *part, lr=lr, fixed=fixed)
            documents[document] += step
            total += loss
    return total, len(windows)


def train_sums(windows, rows, targets, documents, inputs, outputs, fixed=False, mean=True):
    """PV-DM (Le & Mikolov 2014, section 2.2), with the mean or the sum of the vectors."""
    total = 0
    for window, row in zip(windows, targets, strict=True):
        document = rows[window.sentence]
        together = np.vstack([documents[document], inputs[window.context]])
        hidden = together.mean(axis=0) if mean else together.sum(axis=0)
        loss, step = train_vector(hidden, outputs, row, lr=window.lr, fixed=fixed)
        documents[document] += step
        for word in window.context if not fixed else ():
            inputs[word] += step
        total += loss
    return total, len(windows)


def train_concatenations(windows, rows, targets, documents, inputs, outputs, fixed=False, window=2):
    """PV-DM with concatenated vectors: of the document, the words before and the words after."""
    total, dim = 0, documents.shape[1]
    for each, row in zip(windows, targets, strict=True):
        document = rows[each.sentence]
        after = len(each.context) - each.before
        none = [None]
        words = none * (window - each.before) + each.context + none * (window - after)
        parts = [documents[document]]
        parts += [np.zeros(dim) if word is None else inputs[word] for word in words]
        loss, step = train_vector(np.concatenate(parts), outputs, row, lr=each.lr, fixed=fixed)
        steps = step.reshape(-1, dim)
        documents[document] += steps[0]
        for word, part in zip(words, steps[1:], strict=True):
            if word is not None and not fixed:
                inputs[word] += part
        total += loss
    return total, len(windows)


def build_tree(counts):
    """The Huffman tree of words with these counts, by the two queues of word2vec.c.

    Returns the parent of each word and inner node, and whether each is a left child. Inner nodes
    are numbered from 0; the parent of the root is -1.
    """
    words = len(counts)
    sums, parents, is_left = list(counts), [-1] * (2 * words - 1), [False] * (2 * words - 1)
    leaves, inner = list(range(words)), []
    for node in range(words, 2 * words - 1):
        pair = []
        for _ in range(2):
            takes_leaf = leaves and (not inner or sums[leaves[-1]] < sums[inner[0]])
            pair.append(leaves.pop() if takes_leaf else inner.pop(0))
        for child in pair:
            parents[child] = node - words
        is_left[pair[0]] = True
        sums.append(sums[pair[0]] + sums[pair[1]])
        inner.append(node)
    return parents, is_left


def fill_paths(parents, is_left):
    """For each word a dictionary of the inner nodes on its path, and whether it goes left there."""
    words = (len(parents) + 1) // 2
    paths = []
    for word in range(words):
        path, child = {}, word
        while parents[child] >= 0:
            path[parents[child]] = is_left[child]
            child = words + parents[child]
        paths.append(path)
    return paths


def path_lengths(parents):
    """The number of inner nodes above each word and each inner node."""
    words, lengths = (len(parents) + 1) // 2, []
    for child in range(len(parents)):
        lengths.append(0)
        while parents[child] >= 0:
            lengths[-1] += 1
            child = words + parents[child]
    return lengths


def paths_of(windows, paths):
    """The path to the center word of each window."""
    return [paths[window.center] for window in windows]


def train_skipgram(windows, inputs, outputs, paths, batch=32):
    return train_windows_on(windows, paths_of(windows, paths), inputs, outputs, batch)


def train_skipgram_pairs(windows, inputs, outputs, paths):
    losses = []
    for center, context, lr, *_ in windows:
        for word in context:
            loss, step = train_vector(inputs[word], outputs, paths[center], lr=lr)
            inputs[word] += step
            losses.append(loss)
    return sum(losses), len(losses)


def train_cbow(windows, inputs, outputs, paths, divide=False):
    return train_means_on(windows, paths_of(windows, paths), inputs, outputs, divide)


def train_bags(windows, rows, paths, documents, inputs, outputs, fixed=False):
    """PV-DBOW with hierarchical softmax: each word takes a step of its own."""
    targets = paths_of(windows, paths)
    return train_documents(windows, rows, targets, documents, inputs, outputs, fixed, most=1)


def train_memory_sums(windows, rows, paths, *others, **options):
    return train_sums(windows, rows, paths_of(windows, paths), *others, **options)


def train_memory_concatenations(windows, rows, paths, *others, **options):
    return train_concatenations(windows, rows, paths_of(windows, paths), *others, **options)


def number_rows(ids, local_ids):
    """Local ids of rows; new rows are numbered in the order of their first occurrence.

    `local_ids` is a dictionary from row to local id, changed in place.
    """
    for row in ids:
        local_ids.setdefault(row, len(local_ids))
    return [local_ids[row] for row in ids]


def copy_rows(matrix, rows):
    return matrix[rows]


def place_rows(lists, frozen, first_copy, capacity):
    """The place of each row of some lists, and the places of the copies of each shared row."""
    places, copies = [], {}
    for shard, rows in enumerate(lists):
        places.append([])
        free = first_copy + shard * capacity
        for row in rows:
            if frozen[row] or sum(row in other for other in lists) == 1:
                places[-1].append(row)
            else:
                places[-1].append(free)
                copies.setdefault(row, []).append(free)
                free += 1
    return places, copies


def copy_shared_rows(matrix, rows, places):
    copied = matrix.copy()
    copied[places] = matrix[rows]
    return copied


def take_places(ids, places):
    return [places[number] for number in ids]


def share_of_sum(exponent, count):
    """The mean of r^k, k = 0 … count - 1, with r = (1 + exponent / 16)^-16, nearly e^-exponent."""
    return np.mean((1 + exponent / 16) ** (-16.0 * np.arange(count)))


def contract_rows(matrix, rows, changes, counts, contraction):
    merged, along = matrix.copy(), np.ravel(contraction.direction)
    for row, change, count in zip(rows, changes, counts, strict=True):
        share, share_along = (
            share_of_sum(rate * contraction.pairs[row], count) for rate in contraction.rates
        )
        part = (change @ along) * along
        merged[row] += share * (change - part) + share_along * part
    return merged


def merge_rows(matrix, copies, contraction=None):
    """The matrix after merging; `copies` are dictionaries from row to trained vector."""
    merged = matrix.copy()
    for row, base in enumerate(matrix):
        changes = np.array([copy[row] - base for copy in copies if row in copy])
        if len(changes):
            total = np.sum(changes, axis=0)
            if contraction:
                merged = contract_rows(merged, [row], [total], [len(changes)], contraction)
            else:
                whole, parts = np.sum(total**2), np.sum(changes**2)
                merged[row] += total * min(1, 1.5 * parts / whole if whole else 1)
    return merged


def weighted_mean(matrix, rows, weights):
    """The weighted mean of some rows, and of their squared lengths."""
    return weights @ matrix[rows], weights @ np.sum(matrix[rows] ** 2, axis=1)


def compose_words(vectors, rows):
    """The mean of the rows of each word; `rows` lists them for each word."""
    return np.array([vectors[own].mean(axis=0) for own in rows])


def fit_ngrams(lists, targets, count, ridge):
    """The rows of n-grams whose means, by word, are nearest to targets, with a ridge."""
    means = np.zeros((len(lists), count))
    for word, ngrams in enumerate(lists):
        for ngram in ngrams:
            means[word, ngram] += 1 / len(ngrams)
    return np.linalg.solve(means.T @ means + ridge * np.eye(count), means.T @ targets)


def scatter_changes(vectors, rows, changes):
    """Add the change of each word to each of its rows, as often as it is listed."""
    for own, change in zip(rows, changes, strict=True):
        for row in own:
            vectors[row] += change


def compute_changes(matrix, rows, copies):
    changes = copies - matrix[rows]
    return changes, np.sum(changes**2, axis=1)


def apply_changes(matrix, rows, changes, squares):
    merged, whole = matrix.copy(), np.sum(changes**2, axis=1)
    merged[rows] += changes * np.where(whole > 1.5 * squares, 1.5 * squares / whole, 1)[:, None]
    return merged


def number_tokens(text, numbers):
    """The number of each token of a text (bytes); the dictionary `numbers` gets new tokens."""
    tokens = text.replace(b"\n", b" </s> ").split()
    return [numbers.setdefault(token, len(numbers)) for token in tokens]


def fill_slots(names):
    """The numbers of the types that the hash table must find."""
    return {name: number for number, name in enumerate(names)}


def hash_names(name):
    """The 64-bit FNV-1a hash of a name."""
    code = 0xCBF29CE484222325
    for byte in name:
        code = (code ^ byte) * 0x100000001B3 % (1 << 64)
    return code


def add_types(names, added, numbers, counts):
    """The numbers of types that are added with their counts; `numbers` and `counts` grow."""
    for name, count in zip(names, added, strict=True):
        if numbers.setdefault(name, len(numbers)) == len(counts):
            counts.append(0)
        counts[numbers[name]] += count
    return [numbers[name] for name in names]


def join_names(names, numbers):
    """The names of some types, with a blank after each."""
    return b"".join(names[number] + b" " for number in numbers)


def prefetch_type():
    """It changes nothing."""


def keep_words(numbers, word_ids, every=False):
    """Sentences of word ids from numbers of types.

    numbers   type of each token; 0 ends a sentence
    word_ids  word id of each type; -1: not in the vocabulary
    every     whether empty sentences are kept
    """
    sentences = [[]]
    for number in numbers:
        if number == 0:
            sentences.append([])
        elif word_ids[number] >= 0:
            sentences[-1].append(word_ids[number])
    return sentences[:-1] if every else [sentence for sentence in sentences if sentence]


def multiply_rows(matrix, dense):
    """The product of a sparse matrix, here given as a dense array, and a dense matrix."""
    return matrix @ dense


def add_gram(matrix, dense):
    return matrix.T @ (matrix @ dense)


def context_counts(documents, words, window):
    """Weighted co-occurrence counts of words and context words, dense (V, V).

    A context word at distance d counts (window + 1 - d) / window.
    """
    counts = np.zeros((words, words))
    for document in documents:
        for i, word in enumerate(document):
            for j in range(max(i - window, 0), min(i + window + 1, len(document))):
                if j != i:
                    counts[word, document[j]] += (window + 1 - abs(i - j)) / window
    return counts


def sum_weights(documents, words, window):
    return context_counts(documents, words, window).sum(axis=1)


def list_positions(ids, words):
    return [[i for i, word in enumerate(ids) if word == wanted] for wanted in range(words)]


def fill_ppmi(documents, words, window, exponent, shift):
    """Shifted PPMI with context distribution smoothing (Levy, Goldberg & Dagan 2015), (V, V)."""
    counts = context_counts(documents, words, window)
    total, sums = counts.sum(), counts.sum(axis=1)
    noise = sums**exponent / (sums**exponent).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log((counts / total) / np.outer(sums / total, noise)) - shift
    return np.where(counts > 0, np.maximum(found, 0), 0)


def count_topics(words, topics, size):
    """Number of tokens of each word that are assigned to each topic, (V, K)."""
    counts = np.zeros(size, int)
    for word, topic in zip(words, topics, strict=True):
        counts[word, topic] += 1
    return counts


def sample_topics(documents, topics, counts, alpha, eta, random):
    """Collapsed Gibbs sampling (Griffiths & Steyvers 2004, equation 5).

    As in the kernel, one random number draws a topic in two stages: its number modulo 16 (the SIMD
    lane), then the topic.

    documents  lists of word ids
    topics     lists of the tokens' topics, changed in place
    counts     (V, K), tokens of each word in each topic, changed in place
    eta        the prior of words in topics: a number, or (V, K)
    Returns    the sum of ln p(token | all other tokens)
    """
    size, prior = counts.shape[1], np.broadcast_to(eta, counts.shape)
    log_likelihood = 0.0
    for document, drawn in zip(documents, topics, strict=True):
        for place, word in enumerate(document):
            counts[word, drawn[place]] -= 1
            others = np.bincount(drawn[:place] + drawn[place + 1 :], minlength=size)
            of_topics = (counts[word] + prior[word]) / (counts + prior).sum(axis=0)
            p = (others + alpha) * of_topics
            log_likelihood += np.log(p.sum() / (len(document) - 1 + alpha.sum()))
            bits = random.next_random()
            lane_sums = np.cumsum([p[lane::16].sum() for lane in range(min(size, 16))])
            lane = np.searchsorted(lane_sums, (bits >> 40) / 2**24 * lane_sums[-1], "right")
            inside = np.cumsum(p[lane::16])
            row = np.searchsorted(inside, (bits & 0xFFFFFF) / 2**24 * inside[-1], "right")
            drawn[place] = int(16 * row + lane)
            counts[word, drawn[place]] += 1
    return log_likelihood


def tabulate_words(counts, reciprocals, alpha):
    """The topics of each word, ascending, r = n_wk / (n_k + V eta), and the running sums of α r."""
    found = []
    for row in counts:
        own = np.flatnonzero(row)
        ratios = row[own] * reciprocals[own]
        found.append([*zip(own, ratios, np.cumsum(alpha[own] * ratios), strict=True)])
    return found


def move_counts(words, before, after, counts):
    """Counts of words and topics after the tokens have changed their topics."""
    counts = counts.copy()
    for word, old, new in zip(words, before, after, strict=True):
        counts[word, old] -= 1
        counts[word, new] += 1
    return counts


def sample_sparse_topics(documents, topics, counts, alpha, eta, random):
    """Gibbs sampling from the counts of words at the start of a round.

    As in the kernel, one random number draws a topic of the word. If it exceeds their weights, a
    second one draws a topic of the document, or of all topics. The counts of the old topic include
    the token itself, so that less is added to its weight for the word than for other topics. If the
    word has many more topics than the document, the weights of the topics of the word are those
    that the document gives, then those that the prior gives, all of them from the counts with the
    token. If the old topic is drawn then, one number more decides whether a topic is drawn again.
    After some such rejections, a topic is drawn as for other words.

    documents  lists of word ids
    topics     lists of the tokens' topics, changed in place
    counts     (V, K), tokens of each word in each topic at the start of the round; not changed
    Returns    the sum of ln p(token | all other tokens)
    """
    sums = counts.sum(axis=0) + len(counts) * eta
    log_likelihood = 0.0

    def uniform(limit):
        return (random.next_random() >> 40) / 2**24 * limit

    def draw(own, of_word, others, listed):
        of_document = np.cumsum(others[listed] / sums[listed])
        document_sum, smoothing = (of_document[-1:].sum()), np.cumsum(alpha / sums)
        threshold = uniform(of_word[-1] + eta * (document_sum + smoothing[-1]))
        if threshold < of_word[-1]:
            return int(own[np.searchsorted(of_word, threshold, "right")])
        threshold = uniform(document_sum + smoothing[-1])
        if threshold < document_sum:
            return listed[np.searchsorted(of_document, threshold, "right")]
        return int(np.searchsorted(smoothing, threshold - document_sum, "right"))

    for document, drawn in zip(documents, topics, strict=True):
        listed = list(dict.fromkeys(drawn))  # in the kernel's order
        for place, word in enumerate(document):
            old, new = drawn[place], None
            others = np.bincount(drawn[:place] + drawn[place + 1 :], minlength=alpha.size)
            if not others[old]:
                listed[listed.index(old)] = listed[-1]
                listed.pop()
            token = np.eye(alpha.size)[old]
            weights = (counts[word] + eta) / sums
            exact = (counts[word] - token + eta) / (sums - token)
            own = np.flatnonzero(counts[word])
            if len(own) > TIMES * len(listed):
                both = np.concatenate([listed, own]).astype(int)
                in_document = np.arange(len(both)) < len(listed)
                factors = np.where(in_document, others[both], alpha[both])
                of_word = np.cumsum(factors * counts[word, both] / sums[both])
                for _ in range(REJECTIONS):
                    new = draw(both, of_word, others, listed)
                    if new != old or uniform(1.0) < (exact / weights)[old]:
                        break
                    new = None
            if new is None:
                of_word = np.cumsum((others + alpha)[own] * (exact - eta / sums)[own])
                new = draw(own, of_word, others, listed)
            drawn[place] = new
            if new not in listed:
                listed.append(new)
            exact_total = ((others + alpha) * exact).sum()
            log_likelihood += np.log(exact_total / (len(document) - 1 + alpha.sum()))
    return log_likelihood


def fold_in_topics(documents, topic_words, alpha, steps):
    """Topic shares of new documents, (M, K), by `steps` steps of expectation maximisation."""
    shares = []
    for document in documents:
        theta = alpha / alpha.sum() * bool(len(document))
        for _ in range(steps if len(document) else 0):
            joint = [theta * topic_words[word] for word in document]
            theta = alpha + sum((p / p.sum() for p in joint), np.zeros_like(alpha))
            theta = theta / theta.sum()
        shares.append(theta)
    return np.array(shares)


def lstm_step(sums, cells):
    """One step of an LSTM from the sums of its gates, (B, 4 U): (gates, states, cells).

    Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
    """
    i, f, g, o = np.split(sums, 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    cells = f * cells + i * g
    return np.hstack([i, f, g, o]), o * np.tanh(cells), cells


def lstm_step_backward(gates, cells_before, cells, d_hidden, d_cells):
    """Gradients with respect to the sums of the gates and to the preceding cells."""
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_cells = np.tanh(cells)
    d_cells = d_cells + d_hidden * o * (1 - tanh_cells**2)
    d_gates = [
        d_cells * g * i * (1 - i), d_cells * cells_before * f * (1 - f), d_cells * i * (1 - g**2),
        d_hidden * tanh_cells * o * (1 - o),
    ]  # fmt: skip
    return np.hstack(d_gates), d_cells * f


def gru_step(input_sums, hidden_sums, before):
    """One step of a GRU from the sums of input and state, each (B, 3 U): (gates, states).

    Source: Cho et al. 2014, with the reset gate after the matrix product of the state.
    """
    a_r, a_z, a_n = np.split(input_sums, 3, axis=1)
    q_r, q_z, q_n = np.split(hidden_sums, 3, axis=1)
    r, z = sigmoid(a_r + q_r), sigmoid(a_z + q_z)
    n = np.tanh(a_n + r * q_n)
    return np.hstack([r, z, n]), (1 - z) * n + z * before


def gru_step_backward(gates, hidden_sums, before, d_hidden):
    """Gradients with respect to the input's sums, the state's sums, and the state itself.

    The last one is without the part that passes through the state's sums.
    """
    (r, z, n), q = np.split(gates, 3, axis=1), np.split(hidden_sums, 3, axis=1)[2]
    d_n, d_z = d_hidden * (1 - z) * (1 - n**2), d_hidden * (before - n) * z * (1 - z)
    d_r = d_n * q * r * (1 - r)
    return np.hstack([d_r, d_z, d_n]), np.hstack([d_r, d_z, d_n * r]), d_hidden * z


def softmax_cross_entropy(scores, bias, targets, weights):
    """(Gradients of the scores, losses, number of correct rows, gradient of the bias).

    A row is correct if its weight is not 0 and its target has the highest score.
    """
    scores = scores + bias
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rows = np.arange(len(targets))
    correct = (scores[rows, targets] == scores.max(axis=1))[weights > 0].sum()
    gradients = (p - np.eye(scores.shape[1])[targets]) * weights[:, None]
    return gradients, -np.log(p[rows, targets]), correct, gradients.sum(axis=0)


def add_rows(rows, changes, sums):
    sums = sums.copy()
    np.add.at(sums, rows, changes)
    return sums


def sum_gradients(gradients):
    """The sum over the first axis, and the squared norm of the sum."""
    return gradients.sum(axis=0), float((gradients.sum(axis=0) ** 2).sum())


def sgd_step(weights, gradient, lr):
    return weights - lr * gradient


def adagrad_step(weights, gradient, lr, squares):
    """Adagrad, Duchi et al. 2011: (weights, sums of squares)."""
    squares = squares + gradient**2
    return weights - lr * gradient / (np.sqrt(squares) + 1e-10), squares


def adam_step(weights, gradient, lr, means, squares, count):
    """Adam, Kingma and Ba 2015, algorithm 1: (weights, means, means of squares)."""
    means = 0.9 * means + 0.1 * gradient
    squares = 0.999 * squares + 0.001 * gradient**2
    step = lr * (means / (1 - 0.9**count)) / (np.sqrt(squares / (1 - 0.999**count)) + 1e-8)
    return weights - step, means, squares


def parse_numbers_read_rows(text, dim):
    """Names and float32 vectors (L, D) from lines of a name and numbers, parsed by Python."""
    lines = [line.split(b" ", 1) for line in text.splitlines()]
    vectors = [np.array([float(field) for field in rest.split(b" ")]) for _, rest in lines]
    assert all(vector.size == dim for vector in vectors)
    return [name for name, _ in lines], np.array(vectors).astype(np.float32)


def word_ngrams(word, minn, maxn, buckets):
    """The buckets of a word's n-grams, in the order of their first character, then of their size.

    The word is bytes in UTF-8. The hash is FNV-1a with 32 bits over signed bytes.
    """
    marked = b"<" + word + b">"
    starts = [at for at in range(len(marked)) if marked[at] & 0xC0 != 0x80] + [len(marked)]
    count, numbers = len(starts) - 1, []
    for first in range(count):
        for last in range(first + minn, min(first + maxn, count) + 1):
            if last - first == 1 and (first == 0 or last == count):
                continue
            code = 2166136261
            for byte in np.frombuffer(marked[starts[first] : starts[last]], np.int8).tolist():
                code = (code ^ (byte % 2**32)) * 16777619 % 2**32
            numbers.append(code % buckets)
    return numbers


def all_ngrams(words, minn, maxn, buckets):
    """The buckets of the n-grams of each word."""
    return [word_ngrams(word, minn, maxn, buckets) for word in words]


def add_to_lists(vectors, rows, lists, sums):
    """The sums, with each row added to the sum of its list."""
    sums = sums.copy()
    np.add.at(sums, lists, vectors[rows])
    return sums


def add_int8_to_lists(integers, scales, rows, lists, sums):
    """As `add_to_lists`, with rows that are written out first."""
    return add_to_lists(integers * scales[:, None], rows, lists, sums)


def quantize_row(row):
    """The integers and the scale of a row in int8; each quotient is rounded half to even."""
    scale = np.float32(max(abs(x) for x in row)) / np.float32(127)
    if scale == 0:
        return [0] * len(row), scale
    return [round(float(x) / float(scale)) for x in row], scale


def zipfian_whitening(vectors, counts):
    """Yokoi et al. 2024, algorithm 1: whitened vectors, by the singular value decomposition."""
    shares = counts / counts.sum()
    centered = vectors - shares @ vectors
    _, values, directions = np.linalg.svd(centered * np.sqrt(shares)[:, None], full_matrices=False)
    return centered @ directions.T / values


def mean_rows(vectors, lists):
    """The mean of each list of rows; zero for an empty list."""
    return np.array([vectors[rows].sum(axis=0) / max(len(rows), 1) for rows in lists])


def murmur_hash(data, seed):
    """MurmurHash3_x64_128 of bytes: the two halves of the hash."""
    full, c1, c2 = 2**64 - 1, 0x87C37B91114253D5, 0x4CF5AD432745937F

    def rotated(number, bits):
        return (number << bits | number >> (64 - bits)) & full

    def mixed(number):
        for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            number = (number ^ number >> 33) * factor & full
        return number ^ number >> 33

    first = second = seed
    for begin in range(0, len(data) + 1, 16):
        block = data[begin : begin + 16]
        one, two = (int.from_bytes(part, "little") for part in (block[:8], block[8:]))
        first ^= rotated(one * c1 & full, 31) * c2 & full
        second_mixed = rotated(two * c2 & full, 33) * c1 & full
        if len(block) == 16:
            first = ((rotated(first, 27) + second) * 5 + 0x52DCE729) & full
            second = ((rotated(second ^ second_mixed, 31) + first) * 5 + 0x38495AB5) & full
        else:
            second ^= second_mixed
    first, second = first ^ len(data), second ^ len(data)
    first = (first + second) & full
    second = (second + first) & full
    first, second = mixed(first), mixed(second)
    first = (first + second) & full
    return first, (second + first) & full


def floret_numbers(words, minn, maxn, hashes, seed, rows):
    """The rows of each word, and of its n-grams; the words are bytes with their marks."""
    found = []
    for word in words:
        starts = [at for at in range(len(word)) if word[at] & 0xC0 != 0x80] + [len(word)]
        count, grams = len(starts) - 1, [word]
        for first in range(count):
            for last in range(first + minn, min(first + maxn, count) + 1):
                if last - first > 1 or (first > 0 and last < count):
                    grams.append(word[starts[first] : starts[last]])
        numbers = []
        for gram in grams:
            halves = murmur_hash(gram, seed)
            parts = [part for half in halves for part in (half % 2**32, half >> 32)]
            numbers += [part % rows for part in parts[:hashes]]
        found.append(numbers)
    return found


def mean_coded_rows(codes, centroids, norms, lists):
    """The mean of each list of rows of a quantized matrix, which is written out first."""
    parts = [centroids[part][codes[:, part]] for part in range(codes.shape[1])]
    return mean_rows(np.concatenate(parts, axis=1) * norms[:, None], lists)


def hash_words(words):
    """The hash FNV-1a with 32 bits over signed bytes of each word, as a signed number."""
    codes = []
    for word in words:
        code = 2166136261
        for byte in np.frombuffer(word, np.int8).tolist():
            code = (code ^ (byte % 2**32)) * 16777619 % 2**32
        codes.append(code - 2**32 if code >= 2**31 else code)
    return codes


def text_rows(texts, hashes, type_rows, order, buckets, kept, words):
    """The rows of the words and word n-grams of each text.

    kept  the row of each bucket that has one; None if all have
    """
    found = []
    for text in texts:
        rows = [row for word in text for row in type_rows[word]]
        for begin in range(len(text)):
            for end in range(begin + 2, min(begin + order, len(text)) + 1):
                powers = reversed(range(end - begin))
                terms = [
                    hashes[word] * 116049371**power
                    for word, power in zip(text[begin:end], powers, strict=True)
                ]
                bucket = sum(terms) % 2**64 % buckets
                if kept is None or bucket in kept:
                    rows.append(words + (bucket if kept is None else kept[bucket]))
        found.append(rows)
    return found


def label_scores(hidden, outputs):
    """The products of vectors with output vectors."""
    return hidden @ outputs


def tree_probabilities(scores, left, right, epsilon):
    """The probabilities of the leaves, each the product of the shares from the root to it."""
    leaves = len(left) + 1

    def share(row, node):
        """The probability of a node."""
        for inner, children in enumerate(zip(left, right, strict=True)):
            if node in children:
                score = row[inner] if node == children[1] else -row[inner]
                return share(row, leaves + inner) * (1 / (1 + np.exp(-score)) + epsilon)
        return 1.0

    return np.array([[share(row, leaf) for leaf in range(leaves)] for row in scores])


def hash_ngrams(text, hashes, order):
    """The hashes of the word n-grams of a text, each a number below 2**64."""
    found = []
    for i in range(len(text)):
        code = hashes[text[i]]
        for j in range(i + 1, min(len(text), i + order)):
            code = (code * 116049371 + hashes[text[j]]) & MASK
            found.append(code)
    return found


def count_ngrams(texts, hashes, order, buckets):
    counts = np.zeros(buckets, np.int64)
    for text in texts:
        for code in hash_ngrams(text, hashes, order):
            counts[code % buckets] += 1
    return np.minimum(counts, 255)


def fill_buckets(kept):
    """The row of each kept bucket."""
    return {int(bucket): row for row, bucket in enumerate(kept)}


def ngram_rows(texts, hashes, order, buckets, rows, first):
    codes = [hash_ngrams(text, hashes, order) for text in texts]
    return [
        [first + rows[code % buckets] for code in text if code % buckets in rows] for text in codes
    ]


def gather_features(texts, chosen, type_rows, ngrams):
    """The features of the chosen texts, without repetitions, in order of appearance."""
    lists = [[row for word in texts[s] for row in type_rows[word]] + ngrams[s] for s in chosen]
    return [list(dict.fromkeys(rows)) for rows in lists]


def count_labels(features, labels, size, count):
    counts = np.zeros((count, size), np.int64)
    for rows, names in zip(features, labels, strict=True):
        for name in names:
            counts[rows, name] += 1
    return counts


def label_ratios(counts, totals, shares):
    """The mean absolute log-count ratio of each feature, from the counts of all features."""
    present = (counts + 1) / (totals + len(counts))
    absent = (counts.sum(axis=1, keepdims=True) - counts + 1) / (
        totals.sum() - totals + len(counts)
    )
    return np.abs(np.log(present / absent)) @ shares


def add_changes(matrix, rows, copies, numbers, targets, sums, squares):
    for row, number, target in zip(rows, numbers, targets, strict=True):
        sums[target] += copies[number] - matrix[row]
        squares[target] += ((copies[number] - matrix[row]) ** 2).sum()


def mean_features(vectors, texts):
    zero = np.zeros(vectors.shape[1])
    return np.array([vectors[rows].mean(axis=0) if rows else zero for rows in texts])


class Nbow(NamedTuple):
    """The parameters of a neural bag of words.

    vectors  (R, D)
    squares  (R, 2), the sum of mean squared gradients and the factor of each vector
    layers   for each layer: weights (U, I), biases (U,), squares (U, 2); the last are the outputs
    """

    vectors: np.ndarray
    squares: np.ndarray
    layers: list

    def hidden(self, rows):
        """The inputs of all layers."""
        inputs = [self.vectors[rows].mean(axis=0)]
        for weights, biases, _ in self.layers[:-1]:
            inputs.append(np.maximum(weights @ inputs[-1] + biases, 0))
        return inputs

    def scores(self, rows):
        weights, biases, _ = self.layers[-1]
        return weights @ self.hidden(rows)[-1] + biases


def label_loss(scores, labels, loss, importance, path=()):
    """The weighted loss of a text, and its gradient by the scores that take part.

    path  the (inner node, goes right) on the path to the only label
    """
    slopes, total = np.zeros(len(scores)), 0.0

    def logistic(k, is_right, weight):
        nonlocal total
        slopes[k] += weight * (sigmoid(scores[k]) - is_right)
        total += weight * np.log1p(np.exp(-scores[k] if is_right else scores[k]))

    if loss == "softmax":
        p = np.exp(scores - scores.max())
        p /= p.sum()
        weight = importance[labels[0]]
        slopes = weight * (p - np.eye(len(p))[labels[0]])
        total = -weight * np.log(p[labels[0]])
    elif loss == "ova":
        for k in range(len(scores)):
            logistic(k, k in labels, importance[k] if k in labels else 1.0)
    elif loss == "hs":
        for node, is_right in path:
            logistic(node, is_right, importance[labels[0]])
    return total, slopes


def draw_label_targets(labels, importance, negative, table, rng):
    """The predictions of a text in negative sampling of labels: (label, is right, weight).

    Each negative sample has the weight of the label for which it is drawn.
    """
    targets = []
    for label in labels:
        others = [rng.draw_noise(table) for _ in range(negative)]
        targets.append((label, True, importance[label]))
        targets += [(other, False, importance[label]) for other in others if other not in labels]
    return targets


def train_texts(
    texts, labels, model, loss, importance, lr, lr_step, adaptive, paths=None, draw_targets=None
):
    """Train a neural bag of words, text by text.

    paths         for the loss hs, the path to each label
    draw_targets  for the loss ns, a function of the labels of a text, see `draw_label_targets`
    """

    def rate(squares, row, column, square, lr):
        if not adaptive:
            return lr
        squares[row, column] += square
        return lr / np.sqrt(squares[row, column] + 1e-10)

    for number, (rows, names) in enumerate(zip(texts, labels, strict=True)):
        lr_now = max(lr - number * lr_step, 0)
        if not rows:
            continue
        inputs = model.hidden(rows)
        if loss == "ns":  # each prediction sees the steps of those before it
            touched, slopes = draw_targets(names), None
        else:
            path = paths[names[0]] if paths else ()
            _, slopes = label_loss(model.scores(rows), names, loss, importance, path=path)
            touched = [node for node, _ in path] if paths else range(len(slopes))
        for level in range(len(model.layers) - 1, -1, -1):
            weights, biases, squares = model.layers[level]
            h, d_h = inputs[level], np.zeros(len(inputs[level]))
            for k in touched:
                if slopes is None:
                    k, is_right, weight = k
                    slope = weight * (sigmoid(weights[k] @ h + biases[k]) - is_right)
                else:
                    slope = slopes[k]
                d_h += slope * weights[k]
                step = rate(squares, k, 0, slope**2 * np.mean(h**2), lr_now)
                weights[k] -= step * slope * h
                biases[k] -= rate(squares, k, 1, slope**2, lr_now) * slope
            slopes, touched = d_h, [u for u in range(len(h)) if h[u] > 0]
        slopes = slopes / len(rows)
        for row in rows:
            step = rate(model.squares, row, 0, np.mean(slopes**2), lr_now)
            model.vectors[row] -= model.squares[row, 1] * step * slopes


def count_windows(documents, size, words):
    """The windows with each pair of words, int (U, U), by looking into each window.

    documents  the number of the word of each token, or -1
    words      U
    Returns    the counts, with those of single words on the diagonal; and the number of windows
    """
    counts, total = np.zeros((words, words), int), 0
    for document in documents:
        for begin in range(max(len(document) - size + 1, 1)):
            inside = sorted({*document[begin : begin + size]} - {-1})
            counts[np.ix_(inside, inside)] += 1
            total += 1
    return counts, total


def squeeze_lines(text):
    """The lines of a text (bytes), without blanks at their ends and with single spaces inside."""
    return [b" ".join(line.split()) for line in text.split(b"\n")[:-1]]


def sip_hash(data, key):
    """SipHash-2-4 with 128 bits (Aumasson and Bernstein 2012): the two halves of the hash."""
    v = [
        key[0] ^ 0x736F6D6570736575, key[1] ^ 0x646F72616E646F6D ^ 0xEE,
        key[0] ^ 0x6C7967656E657261, key[1] ^ 0x7465646279746573,
    ]  # fmt: skip

    def rotated(number, bits):
        return (number << bits | number >> (64 - bits)) & MASK

    def half(a, b, first, second):
        v[a] = (v[a] + v[b]) & MASK
        v[b] = rotated(v[b], first) ^ v[a]
        if second:
            v[a] = rotated(v[a], second)

    def rounds(count):
        for _ in range(count):
            half(0, 1, 13, 32)
            half(2, 3, 16, 0)
            half(0, 3, 21, 0)
            half(2, 1, 17, 32)

    padded = data + bytes(-(len(data) + 1) % 8) + bytes([len(data) % 256])
    for begin in range(0, len(padded), 8):
        word = int.from_bytes(padded[begin : begin + 8], "little")
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    halves = []
    for place, mark in ((2, 0xEE), (1, 0xDD)):
        v[place] ^= mark
        rounds(4)
        halves.append(v[0] ^ v[1] ^ v[2] ^ v[3])
    return tuple(halves)


def hash_lines(lines, key):
    """The hash of each line; two zeros for a line without bytes."""
    return [sip_hash(line, key) if line else (0, 0) for line in lines]


def enter_lines(hashes, seen, capacity, frozen):
    """The number of the occurrence of each line up to the first new line without space.

    seen  the occurrences so far by hash; changed in place
    """
    occurrences = []
    for each in hashes:
        if not any(each):
            occurrences.append(0 if frozen else 1)
        elif each not in seen and frozen:
            occurrences.append(0)
        elif each not in seen and len(seen) == capacity:
            break
        else:
            seen[each] = seen.get(each, 0) + 1
            occurrences.append(seen[each])
    return occurrences


def move_lines(slots, counts):
    """The lines of a table with their counts."""
    pairs = zip(map(tuple, slots.tolist()), counts.tolist(), strict=True)
    return {each: count for each, count in pairs if any(each)}


def shingles(line, size):
    """The set of runs of `size` words of a line."""
    words = line.split()
    return {tuple(words[at : at + size]) for at in range(len(words) - size + 1)}


def jaccard(a, b):
    """The similarity of two sets; 0 if both are empty."""
    return len(a & b) / max(len(a | b), 1)


def sign_lines(lines, size, factors, addends):
    """The signature of each line (bytes): the smallest number of its shingles for each function."""

    def finished(number):
        for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            number = (number ^ number >> 33) * factor & MASK
        return number ^ number >> 33

    def word_code(word):
        code = 0xCBF29CE484222325
        for byte in word:
            code = (code ^ byte) * 0x100000001B3 & MASK
        return finished(code)

    def shingle_code(words):
        code = 0
        for word in words:
            code = (code * 0x9E3779B97F4A7C15 + word_code(word)) & MASK
        return finished(code) >> 32

    signatures = []
    for line in lines:
        codes = [shingle_code(each) for each in shingles(line, size)]
        signatures.append(
            [
                min([(a * code + b & MASK) >> 32 for code in codes], default=0xFFFFFFFF)
                for a, b in zip(factors, addends, strict=True)
            ]
        )
    return signatures


def link_lines(signatures, rows, bands):
    """The earlier lines that agree with each line in all entries of a band."""
    earlier = []
    for number, signature in enumerate(signatures):
        parts = [slice(band * rows, (band + 1) * rows) for band in range(bands)]
        earlier.append(
            [
                [other for other in range(number) if signatures[other][part] == signature[part]]
                for part in parts
            ]
        )
    return earlier


def enter_near(signatures, needed):
    """1 for each line that agrees in fewer than `needed` entries with every earlier 1; else 2.

    All earlier lines are compared, without bands.
    """
    kept, verdicts = [], []
    for signature in signatures:
        counts = [sum(a == b for a, b in zip(signature, other, strict=True)) for other in kept]
        is_near = max(counts, default=0) >= needed
        verdicts.append(2 if is_near else 1)
        if not is_near and min(signature) < 0xFFFFFFFF:
            kept.append(signature)
    return verdicts


def mark_documents(documents, rows):
    """For each wanted word the set of documents that contain it."""
    return [{d for d, words in enumerate(documents) if word in words} for word in rows]


def count_shared(sets, pairs):
    """The number of documents that contain both words of each pair."""
    return [len(sets[first] & sets[second]) for first, second in pairs]


def choose_widths(values):
    """The four widths for which a block is shortest: of all combinations, as bytes of a number."""
    longest = max(map(int.bit_length, values))
    sums = {}
    for third in range(longest + 1):
        for second in range(third + 1):
            for first in range(second + 1):
                widths = [first, second, third, longest]
                smallest = (min(w for w in widths if v.bit_length() <= w) for v in values)
                sums[tuple(widths)] = sum(smallest)
    widths = min(sums, key=sums.__getitem__)  # the first of equally good ones
    return sum(width << (8 * k) for k, width in enumerate(widths))


def pack_block(values, widths, marked=1024):
    """The words of a block, cut from the bits of one long number."""
    width = [widths >> (8 * k) & 255 for k in range(4)]
    codes = [next(k for k in range(4) if v.bit_length() <= width[k]) for v in values]
    marks, groups = -(-len(values) // marked), -(-len(values) // 16)
    bit, positions = 32 * (1 + marks + groups), []
    for code in codes:
        positions.append(bit)
        bit += width[code]
    block = widths + sum(at << 32 * (1 + i) for i, at in enumerate(positions[::marked]))
    block += sum(code << 32 * (1 + marks) + 2 * i for i, code in enumerate(codes))
    block += sum(value << at for value, at in zip(values, positions, strict=True))
    return [block >> 32 * i & 0xFFFFFFFF for i in range(bit // 32 + 2)]


def pack_blocks(values, block):
    """The words of all full blocks, one block after the other, and the number of words of each."""
    blocks = [values[at : at + block] for at in range(0, len(values) - block + 1, block)]
    packed = [pack_block(part, choose_widths(part)) for part in blocks]
    return sum(packed, []), list(map(len, packed))


def unpack_spans(words, places, tail, block, begins, ends, marked=1024):
    """The ids of spans, and where each span begins among them."""
    ids = []
    for place in places:
        long = sum(word << 32 * i for i, word in enumerate(words[place:]))
        groups = 1 + -(-block // marked)
        at = 32 * (groups + -(-block // 16))
        for i in range(block):
            width = long >> 8 * (long >> 32 * groups + 2 * i & 3) & 255
            ids.append(long >> at & (1 << width) - 1)
            at += width
    ids += tail
    spans = [ids[begin:end] for begin, end in zip(begins, ends, strict=True)]
    return sum(spans, []), [0, *np.cumsum([len(span) for span in spans]).tolist()]


def renumber(ids, numbers):
    """The new number of each type number."""
    return [numbers[number] for number in ids]


def classify(text):
    """The characters of a text, without those that only control the layout."""
    return re.sub(f"[{tokenizers._LAYOUT}]+", "", text)


def copy_tokens(text, alone=""):
    """The tokens of a text, by a regular expression; `alone` are characters that stand alone."""
    joiners = tokenizers._joiners()
    letter = rf"(?![{alone}])\w" if alone else r"\w"
    part = f"{letter}(?:{letter}|[{joiners}])*"
    inside = f"(?:[_{joiners}]|['’](?={letter}))*"
    word = rf"(?={inside}{letter}(?<!_)){part}(?:['’]{part})*"
    single = rf"(?=\w)[{alone}][{joiners}]*|" if alone else ""
    return re.findall(f"{single}{word}|\n|</s>", classify(text))
