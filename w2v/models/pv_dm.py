"""PV-DM, the distributed memory of paragraph vectors: document and window predict a word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from w2v.models import Model
from w2v.setting_fields import setting
from w2v.settings import ParagraphSettings

if TYPE_CHECKING:
    import numpy as np

    from w2v.kernels.documents import DocumentKernels
    from w2v.kernels.hierarchical_softmax import Paths
    from w2v.kernels.windows import Windows


@dataclass(frozen=True)
class Settings(ParagraphSettings):
    """The settings of PV-DM, which combines the vectors of the document and of a window's words."""

    losses: ClassVar[tuple[str, ...]] = ("ns", "hs")

    combine: str = setting(
        "mean", "How to combine the vectors of the document and of a window's words: mean, sum, or "
        "concat (concatenation, with windows that never shrink), which is slow and seldom better.",
        choices=("mean", "sum", "concat"),
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Fix the window size for concat: each position in the window has its own weights."""
        if self.combine == "concat":
            object.__setattr__(self, "shrink", False)

    @property
    def has_words(self) -> bool:
        """True: the model always trains word vectors."""
        return True

    @property
    def hidden_dim(self) -> int:
        """The length in memory of the hidden vector; with concat it is 1 + 2 * window vectors."""
        return self.padded_dim * (1 + 2 * self.window if self.combine == "concat" else 1)

    def document_kernels(self) -> DocumentKernels:
        """The kernels that train a chunk of documents."""
        from functools import partial

        from w2v.kernels import hierarchical_models, pv_dm
        from w2v.kernels.documents import DocumentKernels

        is_tree = self.loss == "hs"
        if self.combine == "concat":
            concatenations = hierarchical_models.train_memory_concatenations
            kernel = concatenations if is_tree else pv_dm.train_concatenations
            kernel = partial(kernel, window=self.window)
        else:
            kernel = hierarchical_models.train_memory_sums if is_tree else pv_dm.train_sums
            kernel = partial(kernel, mean=self.combine == "mean")

        # A kernel of documents is called with all matrices by name; these need them one by one.
        def train(
            windows: Windows,
            count: int,
            documents: np.ndarray,
            targets: np.ndarray | Paths,
            matrices: Mapping[str, np.ndarray],
            *rest: Any,
        ) -> tuple[float, int]:
            vectors = (
                matrices[name] for name in ("document_vectors", "input_vectors", "output_vectors")
            )
            result: tuple[float, int] = kernel(windows, count, documents, targets, *vectors, *rest)
            return result

        return DocumentKernels(train, None, ("hierarchical_models" if is_tree else "pv_dm",))


MODEL = Model(
    name="pv-dm",
    summary="A document and the words of a window predict the center word.",
    source="Le & Mikolov 2014, Distributed Representations of Sentences and Documents, 2.2",
    other_names=(
        "doc2vec",
        "paragraph2vec",
        "paragraph-vectors",
        "dm",
        "pvdm",
    ),
    settings=Settings,
    trainer="w2v.negative_sampling.document_trainer:DocumentTrainer",
    method="sgd",
    inference="w2v.negative_sampling.inference:document_inference",
    infers_epochs=True,
)
