"""The settings of neural networks with an embedding layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from w2v.errors import W2VError
from w2v.setting_fields import layer_units, setting, training_setting
from w2v.settings import SEED, ModelSettings, RunSettings


@dataclass(frozen=True)
class NetworkSettings(ModelSettings):
    """The settings of all neural networks with an embedding layer."""

    task: str = setting(
        "classify", "What the network predicts. classify: the label of a text; lm: the next word "
        "of a text, as a language model.", choices=("classify", "lm"),
    )  # fmt: skip
    dim: int = setting(100, "Number of dimensions of each vector.", 1, 1 << 16)
    units: int = setting(128, "Number of units in each hidden layer.", 1, 1 << 16)
    layers: int = setting(1, "Number of hidden layers.", 1, 100)
    dense: str = setting(
        "", "Numbers of units of further dense layers between the hidden layers and the output, "
        "separated by commas, for example 256,64.", metavar="LIST", shown="none",
    )  # fmt: skip
    dropout: float = training_setting(
        0.0, "Share (0 to 0.99) of the activations between layers that are set to 0 at random in "
        "training. Raise it against overfitting.", 0, 0.99,
    )  # fmt: skip
    optimizer: str = training_setting(
        "adam", "Optimizer: how gradients update the weights.", choices=("adam", "adagrad", "sgd")
    )
    lr: float | None = training_setting(
        None, "Initial learning rate. Lower it if training diverges.", 0, 1e6,
        shown="adam 0.002, adagrad 0.1, sgd 1",
    )  # fmt: skip
    schedule: str = training_setting(
        "linear", "Learning rate schedule. linear: the rate falls linearly to 0; cut: it is "
        "multiplied by --cut after each epoch that hardly lowers the validation loss (needs "
        "--valid); constant: it stays at --lr.", choices=("linear", "cut", "constant"),
    )  # fmt: skip
    cut: float = training_setting(
        0.5, "With --schedule cut: the factor that the learning rate is multiplied by.", 0.001, 1
    )
    clip: float = training_setting(
        5.0, "Gradient clipping: scale the gradient of a minibatch down to this norm if its norm "
        "is larger; 0: no clipping.", 0,
    )  # fmt: skip
    batch: int | None = training_setting(
        None, "Minibatch size: number of texts with --task classify, number of parallel positions "
        "in the text with --task lm.", 1, 1 << 20, shown="classify 32, lm 20",
    )  # fmt: skip
    bptt: int = training_setting(
        35, "With --task lm: steps of truncated back-propagation through time.", 1, 1 << 16
    )
    tied: bool = setting(
        False, "With --task lm: use the word vectors as the output weights too. --dim must equal "
        "the number of units of the last layer.",
    )  # fmt: skip
    samples: int | None = training_setting(
        None, "With --task lm: train each word against N random words (sampled softmax), which is "
        "faster with a large vocabulary; 0: train against the whole vocabulary.", 0, 1 << 24,
        shown="0; 4096 above 50,000 words",
    )  # fmt: skip
    epochs: int = training_setting(10, "Number of passes over the texts.", 1, 1 << 30)
    seed: int = training_setting(1, SEED, 0)
    deterministic: bool = training_setting(
        False, "Split each minibatch into --shards parts instead of one for each thread: the same "
        "seed gives the same bytes on any number of threads.",
    )  # fmt: skip
    shards: int = training_setting(
        4, "With --deterministic: number of shards, parts of a minibatch that are computed in "
        "parallel. No more threads than shards can work at a time.", 1, 1024,
    )  # fmt: skip

    layer: ClassVar[str | None] = None  # "module:name" of the recurrent layer class; None: an MLP

    @property
    def input_length(self) -> int:
        """The number of words that the network reads: of a text, or for a prediction."""
        raise NotImplementedError

    pool = "last"  # see `RecurrentSettings.pool`; an MLP has only one hidden state

    def check_together(self, run: RunSettings) -> None:
        """Raise W2VError if `schedule` needs a validation loss, but no held-out text is given."""
        if self.schedule == "cut" and not run.valid:
            raise W2VError("--schedule cut needs a held-out text: add --valid FILE")

    @property
    def rate(self) -> float:
        """The initial learning rate."""
        defaults = {"adam": 0.002, "adagrad": 0.1, "sgd": 1.0}
        return defaults[self.optimizer] if self.lr is None else self.lr

    @property
    def rows(self) -> int:
        """The minibatch size: a number of texts, or of positions in a text."""
        return self.batch or {"classify": 32, "lm": 20}[self.task]

    @property
    def dense_units(self) -> tuple[int, ...]:
        """The numbers of units of the dense layers; W2VError if `dense` is malformed."""
        return layer_units("dense", self.dense, "256,64")


@dataclass(frozen=True)
class RecurrentSettings(NetworkSettings):
    """The settings of all recurrent networks."""

    length: int = setting(
        400, "With --task classify: read only the last N words of each text.", 1, 1 << 20
    )
    pool: str = setting(
        "max", "With --task classify: predict the label from the last hidden state, or from the "
        "mean or the maximum of all hidden states.", choices=("last", "mean", "max"),
    )  # fmt: skip

    @property
    def input_length(self) -> int:
        """The number of words of a text that the network reads; of a language model, `bptt`."""
        return self.length if self.task == "classify" else self.bptt
