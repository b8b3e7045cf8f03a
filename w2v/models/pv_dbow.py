"""PV-DBOW, the distributed bag of words of paragraph vectors: a document predicts its words."""

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
    """The settings of PV-DBOW, which trains word vectors only with `word_vectors`."""

    losses: ClassVar[tuple[str, ...]] = ("ns", "hs")

    word_vectors: bool = setting(
        False, "Train word vectors too, by skip-gram, to query or compare words. Far slower."
    )

    @property
    def has_words(self) -> bool:
        """Whether the model has word vectors: input vectors of words, beside output vectors."""
        return self.word_vectors

    def document_kernels(self) -> DocumentKernels:
        """The kernels that train a chunk of documents."""
        from w2v.kernels.documents import DocumentKernels
        from w2v.kernels.hierarchical_models import train_bags, train_skipgram
        from w2v.kernels.pv_dbow import train_documents
        from w2v.kernels.skipgram import train_windows

        is_tree = self.loss == "hs"
        kernel = train_bags if is_tree else train_documents

        # A kernel of documents is called with all matrices; this one needs two, and not `frozen`.
        def train(
            windows: Windows,
            count: int,
            documents: np.ndarray,
            targets: np.ndarray | Paths,
            matrices: Mapping[str, np.ndarray],
            frozen: np.ndarray,
            *rest: Any,
        ) -> tuple[float, int]:
            vectors = matrices["document_vectors"], matrices["output_vectors"]
            result: tuple[float, int] = kernel(windows, count, documents, targets, *vectors, *rest)
            return result

        train_words = None
        if self.word_vectors:
            train_words = train_skipgram if is_tree else train_windows
        modules = ("pv_dbow", *["skipgram"] * self.word_vectors)
        return DocumentKernels(train, train_words, ("hierarchical_models",) if is_tree else modules)


MODEL = Model(
    name="pv-dbow",
    summary="A document predicts each of its words.",
    source="Le & Mikolov 2014, Distributed Representations of Sentences and Documents, 2.3",
    other_names=(
        "doc2vec",
        "paragraph2vec",
        "paragraph-vectors",
        "dbow",
        "pvdbow",
    ),
    settings=Settings,
    trainer="w2v.negative_sampling.document_trainer:DocumentTrainer",
    method="sgd",
    inference="w2v.negative_sampling.inference:document_inference",
    infers_epochs=True,
)
