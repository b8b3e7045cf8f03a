"""PV-DM, the distributed memory of paragraph vectors: a document helps a window to predict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from w2v.models import Model
from w2v.settings import ParagraphSettings, setting

if TYPE_CHECKING:
    import numpy as np

    from w2v.kernels.documents import DocumentKernels
    from w2v.kernels.windows import Windows


@dataclass(frozen=True)
class Settings(ParagraphSettings):
    """PV-DM puts the document and the words around a place together."""

    combine: str = setting(
        "mean", "How the document and the words of a window predict: by their mean, their sum, or "
        "side by side (concat) in a window that never shrinks, which is slow and seldom better.",
        choices=("mean", "sum", "concat"),
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Each place of a window that is laid side by side has weights of its own."""
        if self.combine == "concat":
            object.__setattr__(self, "shrink", False)

    @property
    def has_words(self) -> bool:
        """Words always get vectors of their own."""
        return True

    @property
    def hidden_dim(self) -> int:
        """With concat that of the document's vector and those of all places of a window."""
        return self.padded_dim * (1 + 2 * self.window if self.combine == "concat" else 1)

    def document_kernels(self) -> DocumentKernels:
        """The kernels that train a chunk of documents."""
        from functools import partial

        from w2v.kernels.documents import DocumentKernels
        from w2v.kernels.pv_dm import train_concatenations, train_sums

        if self.combine == "concat":
            kernel = partial(train_concatenations, window=self.window)
        else:
            kernel = partial(train_sums, mean=self.combine == "mean")

        def train(
            windows: Windows,
            count: int,
            documents: np.ndarray,
            target_ids: np.ndarray,
            matrices: Mapping[str, np.ndarray],
            *rest: Any,
        ) -> tuple[float, int]:
            vectors = (
                matrices[name] for name in ("document_vectors", "input_vectors", "output_vectors")
            )
            found: tuple[float, int] = kernel(
                windows, count, documents, target_ids, *vectors, *rest
            )
            return found

        return DocumentKernels(train, None, ("pv_dm",))


MODEL = Model(
    name="pv-dm",
    summary="A document and the words of a window together predict the word.",
    source="Le & Mikolov 2014, Distributed Representations of Sentences and Documents, 2.2",
    settings=Settings,
    trainer="w2v.negative_sampling.document_trainer:DocumentTrainer",
    method="sgd",
    inference="w2v.negative_sampling.inference:document_inference",
    infers_epochs=True,
)
