"""A plain twin of every kernel, written from the papers: Python integers and NumPy, no Numba.

Names are those of the kernels; where two kernels share a name, the module's name goes before it.
"""

import numpy as np

MASK = (1 << 64) - 1


class Random:
    """xorshift64 (Marsaglia 2003) on Python integers."""

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

    def draw_noise(self, threshold, alias):
        bits = self.next_random()
        slot = (bits >> 32) * len(threshold) >> 32
        return slot if bits & 0xFFFFFFFF < threshold[slot] else int(alias[slot])

    def subsample(self, words, keep):
        return [w for w in words if self.next_random() >> 32 <= keep[w]]

    def draw_reach(self, window, shrink):
        return 1 + self.next_below(window) if shrink else window

    def draw_targets(self, center, negative, threshold, alias):
        noise = [self.draw_noise(threshold, alias) for _ in range(negative)]
        return [center, *(word for word in noise if word != center)]

    def lay_windows(self, sentences, keep, window, shrink, lr_first, lr_last):
        """For each kept word: (centre, words before and after it in its window, learning rate)."""
        size = sum(map(len, sentences))
        windows, begin = [], 0
        for sentence in sentences:
            kept = self.subsample(sentence, keep)
            for i, center in enumerate(kept):
                reach = self.draw_reach(window, shrink)
                context = kept[max(i - reach, 0) : i] + kept[i + 1 : i + 1 + reach]
                share = (begin + len(sentence) * i / len(kept)) / size
                windows.append((center, context, lr_first + (lr_last - lr_first) * share))
            begin += len(sentence)
        return windows


def build_alias(probabilities):
    """What an alias table must amount to: the distribution itself."""
    return probabilities / probabilities.sum()


def alias_probabilities(threshold, alias):
    """The distribution that an alias table draws from."""
    own = threshold / 2.0**32
    chances = own.copy()
    np.add.at(chances, alias, 1 - own)
    return chances / len(own)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def train_targets(vector, outputs, targets, lr):
    """Mikolov et al. 2013b, eq. 4, target by target: changes `outputs`; returns (loss, step)."""
    loss, step = 0.0, np.zeros_like(vector)
    for k, target in enumerate(targets):
        label = 1.0 if k == 0 else 0.0
        dot = outputs[target] @ vector
        loss += np.logaddexp(0, -dot if k == 0 else dot)
        error = lr * (label - sigmoid(dot))
        step += error * outputs[target]
        outputs[target] += error * vector
    return loss, step


def train_pair(inputs, outputs, context, targets, lr):
    loss, step = train_targets(inputs[context], outputs, targets, lr)
    inputs[context] += step
    return loss


def train_window(inputs, outputs, context, targets, lr):
    loss, step = train_targets(np.mean(inputs[context], axis=0), outputs, targets, lr)
    for word in context:
        inputs[word] += step
    return loss


def skipgram_train_windows(windows, inputs, outputs, noise, negative, rng):
    losses = [
        train_pair(inputs, outputs, word, rng.draw_targets(center, negative, *noise), lr)
        for center, context, lr in windows
        for word in context
    ]
    return sum(losses), len(losses)


def cbow_train_windows(windows, inputs, outputs, noise, negative, rng):
    losses = [
        train_window(inputs, outputs, context, rng.draw_targets(center, negative, *noise), lr)
        for center, context, lr in windows
        if context
    ]
    return sum(losses), len(losses)
