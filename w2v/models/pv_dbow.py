"""PV-DBOW, the distributed bag of words of paragraph vectors: a document predicts its words."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.settings import ParagraphSettings, setting


@dataclass(frozen=True)
class Settings(ParagraphSettings):
    """PV-DBOW learns document vectors alone, unless word vectors are asked for."""

    word_vectors: bool = setting(
        False, "Train word vectors too, by skip-gram, so that words can be compared. Far slower."
    )

    @property
    def has_words(self) -> bool:
        """Whether words get vectors of their own, besides the output vectors."""
        return self.word_vectors


def _kernels(settings):
    from w2v.kernels.pv_dbow import train_documents
    from w2v.kernels.skipgram import train_windows
    from w2v.negative_sampling.worker import DocumentKernels

    def train(windows, count, documents, target_ids, matrices, frozen, registers, scratch, fixed):
        vectors = matrices["document_vectors"], matrices["output_vectors"]
        return train_documents(
            windows, count, documents, target_ids, *vectors, registers, scratch, fixed
        )

    train_words = train_windows if settings.word_vectors else None
    return DocumentKernels(train, train_words, ("pv_dbow", *["skipgram"] * settings.word_vectors))


def _trainer(vocabulary, text, settings):
    from w2v.negative_sampling.document_trainer import DocumentTrainer

    return DocumentTrainer(vocabulary, text, settings, _kernels(settings))


def _inference(settings, tensors):
    from w2v.negative_sampling.inference import Inference, WordMatrices

    return Inference(settings, WordMatrices.of(tensors), _kernels(settings))


MODEL = Model(
    name="pv-dbow",
    summary="A document predicts each of its words.",
    source="Le & Mikolov 2014, Distributed Representations of Sentences and Documents, 2.3",
    settings=Settings,
    trainer=_trainer,
    inference=_inference,
)
