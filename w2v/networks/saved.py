"""A trained network from a file, to predict labels, or to evaluate and generate text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import SimpleQueue

import numpy as np

from w2v.embeddings import container
from w2v.network_settings import NetworkSettings
from w2v.networks.architecture import Architecture
from w2v.networks.batches import LabelledBatches, StreamBatches
from w2v.networks.evaluate import Evaluation, evaluate, probabilities
from w2v.networks.network import Batch, Network
from w2v.networks.text_classifier import texts_in_block
from w2v.system.ordered_map import ordered_map
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.vocabulary import END

TEXTS = 256  # maximum number of texts that a thread classifies at a time: few, to share small jobs
STEPS = 100  # number of tokens in a minibatch of evaluation


class TrainedNetwork:
    """A network that `w2v train` has written.

    settings  settings of the model
    tensors   arrays of the model's file, by name
    names     words of the vocabulary
    Raises    KeyError or ValueError if arrays are missing or do not fit the settings
    """

    def __init__(
        self, settings: NetworkSettings, tensors: Mapping[str, np.ndarray], names: Sequence[str]
    ):
        self._settings, self.names = settings, names
        self.is_language = settings.task == "lm"
        self.labels = [] if self.is_language else container.read_names(tensors, "labels")
        self.architecture = Architecture.of(settings, len(names), len(self.labels))
        self._end = names.index(END) if self.is_language else 0
        self._parameters = {"input_vectors": tensors["words.matrix"]}
        for key, shape in self.architecture.shapes().items():
            array = self._parameters.setdefault(key, tensors.get(key, np.zeros(0)))
            if array.shape != shape or array.dtype != np.float32:
                raise ValueError(key)
            if not np.isfinite(array).all():
                raise ValueError(f"{key} has NaN or infinity")

    def _networks(self, count: int) -> list[Network]:
        """Make a network for each of `count` threads. The networks share their parameters."""
        return [Network(self.architecture, self._settings, self._parameters) for _ in range(count)]

    def probabilities(self, text: EncodedDocuments, threads: int) -> Iterator[np.ndarray]:
        """The probability of each of K labels for documents, in blocks of float32 (m, K)."""
        architecture = self.architecture
        unknown_labels = np.zeros(text.begins.size, np.int32)
        source = LabelledBatches(
            text, unknown_labels, self._settings.rows, architecture.length,
            architecture.layer is None,
        )  # fmt: skip
        free: SimpleQueue[Network] = SimpleQueue()  # networks that no thread uses now
        for network in self._networks(threads):
            free.put(network)
        size = texts_in_block(len(self.labels), TEXTS)

        def compute(first: int) -> np.ndarray:
            """Compute the probabilities of some documents."""
            network = free.get()
            try:
                return probabilities(
                    network, source, range(first, min(first + size, text.begins.size))
                )
            finally:
                free.put(network)

        return ordered_map(compute, range(0, text.begins.size, size), threads)

    def evaluate(
        self, text: EncodedText, on_progress: Callable[[float], None] = lambda share: None
    ) -> Evaluation:
        """Compute the loss on a text, in the order of the text. Sentence ends are targets too.

        on_progress  called with the share of the text that is done, 0 to 1
        """
        ids = np.insert(text.ids.mapped(), text.starts[1:], self._end)
        stream = StreamBatches(ids, self._end, 1, STEPS, self.architecture.earlier_words)
        parts = max(-(-ids.size // STEPS), 1)
        return evaluate(self._networks(1), stream, 1, lambda index: on_progress(index / parts))

    def generate(
        self, prompt: Sequence[int], count: int, temperature: float, top: int, seed: int
    ) -> Iterator[int]:
        """Continue a prompt: draw the ids of the next words one by one.

        prompt       word ids
        count        number of words to draw
        temperature  divisor of the scores. With 1, words are drawn from the distribution of the
                     network. Lower values prefer likely words, and 0 always takes the most likely
                     word. Higher values draw more evenly
        top          number of most likely words to draw from; 0: draw from all words
        seed         seed of the random numbers
        """
        [network], rng = self._networks(1), np.random.default_rng(seed)
        states = network.states(1)
        inputs = 1 + self.architecture.earlier_words  # number of input words of a prediction
        line = [self._end] * inputs + list(prompt)
        if self.architecture.layer:
            for word_id in line[inputs - 1 : -1]:  # the last word of the prompt is read below
                self._scores(network, [word_id], states)
        for _ in range(count):
            scores = self._scores(network, line[-inputs:], states)
            line.append(_draw(scores, temperature, top, rng))
            yield line[-1]

    def _scores(
        self, network: Network, words: Sequence[int], states: list[np.ndarray]
    ) -> np.ndarray:
        """Return the scores of the word after `words`, float64 (V,); update the states in place."""
        column = np.array(words, np.int32)[:, None]
        no_targets, no_weights = np.zeros(1, np.int32), np.zeros(1, np.float32)
        batch = Batch(column, None, no_targets, no_weights, states)
        with np.errstate(over="ignore", invalid="ignore"):  # the numbers of a diverged network
            return network.output.scores(network.features(batch))[-1].astype(np.float64)


def _draw(scores: np.ndarray, temperature: float, top: int, rng: np.random.Generator) -> int:
    """Draw the index of a score from softmax(scores / temperature), among the `top` highest."""
    if temperature == 0 or top == 1:
        return int(scores.argmax())
    if 0 < top < scores.size:
        lowest = np.partition(scores, -top)[-top]
        scores = np.where(scores >= lowest, scores, -np.inf)
    # A temperature near 0 overflows to -inf, and exp(-inf) is 0. Scores of a diverged network may
    # be infinite.
    with np.errstate(over="ignore", invalid="ignore"):
        sums = np.cumsum(np.exp((scores - scores.max()) / temperature))
    return int(min(np.searchsorted(sums, rng.random() * sums[-1], "right"), scores.size - 1))
