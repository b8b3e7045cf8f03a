"""The trainer of networks, which has the parameters, minibatches, schedule and tensors of a run."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np

from w2v.embeddings import container
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.kernels.simd import aligned
from w2v.network_settings import NetworkSettings
from w2v.networks import parameters
from w2v.networks.architecture import Architecture
from w2v.networks.batches import BatchPlan, BatchSource, LabelledBatches, StreamBatches
from w2v.networks.evaluate import Evaluation, evaluate, formatted_perplexity
from w2v.networks.layers.softmax_output import TARGETS
from w2v.networks.network import Network
from w2v.networks.optimizer import Optimizer
from w2v.networks.updates import MinibatchUpdates
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.labels import check_two, check_words_of_labels
from w2v.text.vocabulary import END, Vocabulary
from w2v.training.chunks import Plan
from w2v.training.protocols import diverged

MANY_WORDS = 50_000  # language models with more words use the sampled softmax by default
SAMPLES = 4096  # default number of words that the sampled softmax draws for a minibatch
# --schedule cut cuts the learning rate unless the validation loss falls by at least this share.
MIN_DECREASE = 0.003


class NetworkTrainer:
    """Trains a network to predict the labels of texts, or the next words of a text.

    vocabulary  a vocabulary with the token UNKNOWN, and END for a language model
    text        documents with one label each, or the text of a language model
    settings    settings of the model
    Raises      NothingToLearnError if all documents have the same label; W2VError if labels are
                among the words, or tied layers differ in size
    """

    def __init__(self, vocabulary: Vocabulary, text: EncodedText, settings: NetworkSettings):
        self._vocabulary, self.settings = vocabulary, settings
        self.is_language = settings.task == "lm"
        self.labels, self._label_counts = list[str](), np.zeros(0, np.int64)
        if isinstance(text, EncodedDocuments):
            texts = Counter(label for labels in text.labels for label in labels)
            self.labels = sorted(texts)
            self._label_counts = np.array([texts[label] for label in self.labels])
            check_two(self.labels)
            check_words_of_labels(vocabulary.names)
        self.architecture = Architecture.of(settings, len(vocabulary.names), len(self.labels))
        layer = self.architecture.layer
        self.kernels = ("row_merge", *(layer.kernels if layer else ()), "softmax", "optimizers")
        self.source = self.batches_of(text)
        self.matrices: dict[str, np.ndarray] = {}
        self.networks: list[Network] = []
        self._frozen = np.zeros(0, np.bool_)
        self._cuts = 0  # number of cuts of the learning rate by --schedule cut
        self.held_out: Evaluation | None = None

    def batches_of(self, text: EncodedText) -> BatchSource:
        """Make the minibatches of a text: see the function `batches_of`."""
        return batches_of(text, self.settings, self.architecture, self._vocabulary, self.labels)

    @property
    def samples(self) -> int:
        """Number of words that the sampled softmax draws for a minibatch; 0: the full softmax."""
        if not self.is_language:
            return 0
        given, words = self.settings.samples, self.architecture.outputs
        return (SAMPLES if words > MANY_WORDS else 0) if given is None else min(given, words)

    def _shapes(self) -> dict[str, dict[str, tuple[int, ...]]]:
        """Shapes of the parameters in groups, each of which is one table for the optimizer.

        Each table with row gradients is a group. `weights` is the group of all dense parameters.
        """
        shapes = self.architecture.shapes()
        rows = ["input_vectors"]
        if self.samples:
            rows += [name for name in ("output_vectors", "b_o") if name in shapes]
        tables = {name: {name: shapes.pop(name)} for name in rows}
        return tables | {"weights": shapes}

    @property
    def _rows(self) -> int:
        """Maximum number of rows in a minibatch."""
        return min(self.settings.rows, self.source.rows)

    def matrix_bytes(self) -> int:
        """Bytes of the parameters."""
        return 4 * sum(math.prod(shape) for shape in self.architecture.shapes().values())

    def memory_bytes(self, threads: int) -> int:
        """Approximate bytes that training on `threads` threads takes."""
        set_, a = self.settings, self.architecture
        shards = set_.shards if set_.deterministic else threads
        shapes = self._shapes()
        dense = 4 * sum(math.prod(shape) for shape in shapes["weights"].values())
        tables = self.matrix_bytes() - dense
        # Row gradients: of the sampled softmax, or of all rows if the weights are tied.
        sampled = 2 * threads * 4 * self.samples * a.features
        tied = tables * (1 + shards) if a.tied and not self.samples else 0
        steps = set_.bptt if self.is_language else getattr(self.source, "longest", a.length)
        # For each row of a minibatch, the numbers of the embedding and recurrent layers, of the
        # windows that an mlp concatenates, and of the scores.
        numbers_held = a.layer.numbers_held if a.layer else 0
        per_row = steps * (a.dim * 3 + numbers_held * a.units * a.layers)
        windows = (steps if self.is_language else 1) * (a.layer is None)
        per_row += 3 * a.length * a.dim * windows
        per_row += self.is_language * 2 * steps * (self.samples or a.outputs)
        stream = 8 * self.source.size if self.is_language else 4 * self.source.size
        parameters = self.matrix_bytes() * (1 + Optimizer.copies(set_.optimizer))
        return (
            parameters + shards * dense + tied + sampled + 4 * self._rows * per_row + stream
            + tables
        )  # fmt: skip

    def best_bytes(self, threads: int) -> int:
        """Further bytes for validation: the best parameters so far, and the scores of all words."""
        scores = 4 * TARGETS * self.architecture.outputs * bool(self.samples)
        threads = self.settings.shards if self.settings.deterministic else threads
        return 3 * self.matrix_bytes() + scores * threads

    def plan(self, threads: int) -> Plan:
        """Make the plan of a run: its minibatches, each of them a round."""
        shards = self.settings.shards if self.settings.deterministic else threads
        return BatchPlan(self.source, self.settings.epochs, self.settings.seed, shards)

    def begin(self, shards: int) -> None:
        """Allocate and initialise the parameters, and make a network for each shard."""
        set_, shapes = self.settings, self._shapes()
        dense = shapes.pop("weights")
        tables = {
            name: aligned((*shape[:1], math.prod(shape[1:])), np.float32)
            for named in shapes.values() for name, shape in named.items()
        }  # fmt: skip
        weights = parameters.allocate(dense, np.float32)[0]
        self._gradients = parameters.allocate(dense, np.float32, shards)
        arrays = parameters.views(weights, dense) | tables
        self.networks = [
            Network(
                self.architecture, set_, arrays, parameters.views(gradient, dense),
                self._vocabulary.counts if self.samples else None, self.samples,
            )
            for gradient in self._gradients
        ]  # fmt: skip
        self.networks[0].initialise(np.random.default_rng(set_.seed))
        self._parameters, self._tables = arrays, {name: len(t) for name, t in tables.items()}
        self._optimizer = Optimizer(set_.optimizer, tables | {"weights": weights})
        self._states = self.networks[0].states(self._rows) if self.is_language else []
        self._correct = np.zeros((2, shards), np.int64)
        self.matrices = (
            tables | {"weights": weights} | self._optimizer.memory | {"right": self._correct}
        )
        self.matrices |= {f"state{n}": state for n, state in enumerate(self._states)}

    def restored(self) -> None:
        """Do nothing after a checkpoint is read, because nothing is derived from the matrices."""

    def vectors(self, name: str) -> np.ndarray:
        """The matrix of this name."""
        return self.matrices[name]

    def freeze(self, rows: np.ndarray) -> None:
        """Exclude word vectors from training.

        rows  bool (V,), the rows of these vectors
        """
        self._frozen = rows

    def lr_at(self, share: float) -> float:
        """The learning rate after a share of the run, 0 to 1."""
        set_ = self.settings
        if set_.schedule == "linear":
            return set_.rate * (1 - share)
        return set_.rate * set_.cut**self._cuts

    def on_validation(self, losses: list[float]) -> None:
        """With --schedule cut, count the epochs after which the learning rate is cut.

        losses  the validation loss after each epoch so far
        """
        if self.settings.schedule == "cut":
            lowest, self._cuts = math.inf, 0
            for loss in losses:
                self._cuts += loss > lowest * (1 - MIN_DECREASE)
                lowest = min(lowest, loss)

    def shards(self, plan: Plan) -> MinibatchUpdates:
        """Make the object that updates the parameters after each minibatch."""
        set_ = self.settings
        return MinibatchUpdates(
            self.networks, self._gradients, self._tables, self._optimizer, self.source,
            self._states, self._correct, self.lr_at, set_.clip, self._frozen, set_.seed,
        )  # fmt: skip

    def check_held_out(self, text: EncodedText) -> None:
        """Raise W2VError if a held-out text has a label that no training text has."""
        self.batches_of(text)

    def loss(self, text: EncodedText) -> float:
        """Evaluate a held-out text. Set `held_out`; return the mean loss of the targets in nats.

        Raises  DivergedError if the loss is not finite: the last update may have diverged, after
                the losses of all minibatches were computed
        """
        source = self.batches_of(text)
        self.held_out = evaluate(self.networks, source, self.settings.rows)
        loss = self.held_out.nats / max(self.held_out.targets, 1)
        if not math.isfinite(loss):
            raise diverged(f"and the validation loss is {loss:g}", self.lr_at(0.0))
        return loss

    def loss_note(self, epoch: int, pairs: int, loss: float) -> str:
        """Format the perplexity or the accuracy, which the progress line shows beside the loss.

        epoch  number of the epoch, from 0
        pairs  number of targets so far in the epoch
        loss   the mean loss of these targets in nats
        """
        if self.is_language:
            return f"perplexity {formatted_perplexity(loss)}"
        epochs, correct = self._correct
        return f"accuracy {correct[epochs == epoch].sum() / max(pairs, 1):.2%}"

    def validation_note(self) -> str:
        """Format the perplexity or the accuracy of the held-out text that `loss` evaluated last."""
        if self.held_out is None:
            return ""
        nats, count, correct = self.held_out
        if self.is_language:
            return f"perplexity {formatted_perplexity(nats / max(count, 1))}"
        return f"accuracy {correct / max(count, 1):.2%}"

    def tables(self) -> dict[str, Table]:
        """The table of word vectors, which are the parameters of the embedding layer."""
        names, counts = self._vocabulary.names, self._vocabulary.counts
        return {"words": Table.build(names, self.matrices["input_vectors"], counts)}

    def tensors(self) -> dict[str, np.ndarray]:
        """The tensors of the file besides the word vectors: the other parameters and the labels."""
        tensors = {name: a for name, a in self._parameters.items() if name != "input_vectors"}
        tensors["b_o"] = tensors["b_o"].reshape(-1)
        if self.labels:
            tensors |= container.name_tensors("labels", self.labels, self._label_counts)
        return tensors

    def facts(self) -> dict[str, Any]:
        """Further results for the metadata of the file. Networks have none."""
        return {}


def batches_of(
    text: EncodedText, settings: Any, architecture: Architecture, vocabulary: Vocabulary,
    labels: list[str],
) -> BatchSource:  # fmt: skip
    """Make the minibatches of a text, for training or evaluation.

    text          documents with one label each, or the text of a language model
    settings      settings of the model
    architecture  architecture of the network
    vocabulary    the vocabulary, which has END for a language model
    labels        labels of the training text, in the order of the outputs
    Raises        W2VError for a label that is not among `labels`
    """
    if not isinstance(text, EncodedDocuments):
        end = vocabulary.names.index(END)
        ids = np.insert(text.ids.mapped(), text.starts[1:], end)
        return StreamBatches(ids, end, settings.rows, settings.bptt, architecture.earlier_words)
    label_ids = {label: label_id for label_id, label in enumerate(labels)}
    only_labels = [labels[0] for labels in text.labels]  # `Labels` "needed": each text has one
    for row, label in enumerate(only_labels):
        if label not in label_ids:
            raise W2VError(
                f"text {row + 1:,} has the label {label!r}, which no training text has: remove "
                "that text, or train on texts with this label"
            )
    targets = np.array([label_ids[label] for label in only_labels], np.int32)
    is_mlp = architecture.layer is None
    return LabelledBatches(text, targets, settings.rows, architecture.length, is_mlp)
