"""The provenance of a result: the metadata of its file, and the identity that --resume compares."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from w2v import __version__
from w2v.embeddings import container, subword_tensors
from w2v.errors import W2VError
from w2v.runs.checkpoint import TEXT, WORDS, differences
from w2v.runs.request import Request
from w2v.runs.validation import Validation
from w2v.setting_fields import option_name
from w2v.settings import SubwordSettings
from w2v.system.pipes import sha256_of
from w2v.text.corpus import Corpus
from w2v.text.encoded_text import EncodedText
from w2v.text.vocabulary import Vocabulary
from w2v.training.protocols import Described, Trainer
from w2v.training.state import TrainingState


@dataclass(frozen=True)
class Provenance:
    """Everything that determines the bytes of a result.

    request   the options and files of the run
    threads   the number of threads, as far as the result depends on it: see `Executor.identity`
    corpus    the training text
    held_out  the text of --valid, or None
    """

    request: Request
    threads: str
    corpus: Corpus
    held_out: Corpus | None

    @cached_property
    def _vocabulary(self) -> str:
        """The SHA-256 of the vocabulary file (--read-vocab)."""
        return sha256_of(str(self.request.run.read_vocab))

    @cached_property
    def _files(self) -> dict[str, str]:
        """The contents of the files that settings name, by setting: their SHA-256.

        What a value has beside the path, such as the list of `english,FILE`, stays before it.
        """
        values = asdict(self.request.options)
        return {
            name: f"{values[name].removesuffix(path)}sha256:{sha256_of(path)}"
            for name, path in self.request.setting_files.items()
        }

    def _settings(self) -> dict[str, Any]:
        request = self.request
        values = asdict(request.options) | asdict(request.text) | self._files
        if values.get("seeds", "") is None:
            del values["seeds"]  # so that files without seeds keep the bytes of earlier versions
        values |= request.initial.file_hashes if request.initial else {}
        records = request.documents or request.fields
        return values | (asdict(records) if records else {})

    def identity(self, words: Sequence[str] | None) -> dict[str, Any]:
        """The options, fingerprints and versions that determine the result, by name.

        words  the words of the vocabulary, in the order of the rows; None: of no importance

        A checkpoint can be resumed only by a run with the same identity. Call this after the texts
        were read, because reading them computes their fingerprints (SHA-256).
        """
        from w2v.kernels.cache import machine_code

        run, initial = self.request.run, self.request.initial

        identity: dict[str, Any] = {"--model": self.request.model.name}
        identity |= {option_name(name): value for name, value in self._settings().items()}
        if not self.request.is_deterministic:
            identity["--threads"] = self.threads
        identity[TEXT] = self.corpus.fingerprint
        if words is not None:
            identity[WORDS] = sha256("\n".join(words).encode(errors="surrogateescape")).hexdigest()
        if self.held_out:
            identity["the SHA-256 of --valid"] = self.held_out.fingerprint
        if run.read_vocab:
            identity["the SHA-256 of --read-vocab"] = self._vocabulary
        if run.patience:
            identity["--patience"] = run.patience
        if initial:
            identity[f"the SHA-256 of {initial.option}"] = initial.fingerprint
            identity |= {"--freeze": run.freeze, "--init-all": run.init_all}
        return {**identity, "w2v": __version__, **machine_code()}

    def replaced(self) -> list[str]:
        """The differences between this run and the finished output that it will replace.

        Returns an empty list if the output is missing, unfinished or of another kind.
        """
        path = self.request.output
        try:
            found = container.read(path)[1] if os.path.isfile(path) else {}
        except W2VError:
            return []
        if "model" not in found or "unfinished" in found:
            return []
        old = {
            option_name(name): value for name, value in container.nested(found, "settings").items()
        }
        old |= {"--model": found["model"], TEXT: container.nested(found, "corpus").get("sha256")}
        settings = json.loads(json.dumps(self._settings()))
        new = {option_name(name): value for name, value in settings.items()}
        new |= {"--model": self.request.model.name, TEXT: self.corpus.fingerprint}
        return differences(old, new, bool(self.request.run.cluster))

    def metadata(
        self,
        vocabulary: Vocabulary,
        text: EncodedText,
        state: TrainingState,
        validation: Validation | None,
        trainer: Trainer,
        unfinished: str = "",
    ) -> dict[str, str]:
        """The metadata of the output file.

        They depend only on texts, settings, seed and version, so that equal runs write equal files.

        vocabulary  the vocabulary of the run
        text        the encoded training text
        state       the progress of the run, with its losses
        validation  the validation of the run; None without --valid
        trainer     the trainer of the run, which may describe what it has found
        unfinished  the progress of a stopped run, such as "epoch 2 of 5"; empty: it is complete
        """
        run, initial = self.request.run, self.request.initial
        nested: dict[str, Any] = {
            "settings": self._settings(),
            "corpus": {
                "sha256": self.corpus.fingerprint,
                "tokens": vocabulary.tokens,
                "types": vocabulary.types,
                "tokens_kept": text.size,
                "documents" if self.request.documents else "sentences": text.starts.size - 1,
                "pruned_types": vocabulary.pruned_types,
            },
            "losses": [_finite(loss) for loss in state.mean_losses()],
        }
        options = self.request.options
        if self.request.composes_words:
            assert isinstance(options, SubwordSettings)
            minn, maxn = options.ngram_lengths
            nested[subword_tensors.KEY] = subword_tensors.settings(minn, maxn, options.bucket_count)
        elif initial and initial.subwords and self.request.keeps_subwords:
            kept = initial.subwords
            nested[subword_tensors.KEY] = subword_tensors.settings(
                kept.minn, kept.maxn, kept.buckets
            )
        if run.read_vocab:
            nested["vocabulary"] = {"sha256": self._vocabulary}
        if initial:
            nested["origin"] = {
                **initial.metadata(),
                "freeze": run.freeze,
                **({"all_words": True} if run.init_all else {}),
            }
        if self.held_out and validation:
            nested["valid"] = {
                "sha256": self.held_out.fingerprint,
                "patience": run.patience,
                "losses": [_finite(loss) for loss in validation.losses],
            }
        if isinstance(trainer, Described):
            nested["found"] = trainer.facts() if trainer.matrices else {}  # none before training
        return {
            **container.file_metadata(),
            "model": self.request.model.name,
            **({"unfinished": unfinished} if unfinished else {}),
            **{name: json.dumps(value, sort_keys=True) for name, value in nested.items()},
        }


def is_result(path: str, metadata: Mapping[str, str]) -> bool:
    """Whether a file is the result of a run, judged by the metadata of the file.

    path      the path of the file, which may be missing
    metadata  the metadata of the run, see `Provenance.metadata`
    """
    try:
        return os.path.isfile(path) and same_run(container.read(path)[1], metadata)
    except W2VError:
        return False


def same_run(first: Mapping[str, str], second: Mapping[str, str]) -> bool:
    """Whether two files are of the same run: their metadata may differ in losses and results."""

    def inputs(metadata: Mapping[str, str]) -> dict[str, Any]:
        """The metadata without losses, results and checksums."""
        valid = container.nested(metadata, "valid")
        valid.pop("losses", None)
        rest = {*metadata} - {"losses", "found", "valid", "checksums"}
        return {**{name: metadata[name] for name in rest}, "valid": valid}

    return inputs(first) == inputs(second)


def _finite(loss: float) -> float | None:
    """The loss; None for NaN and infinity, which JSON lacks."""
    return loss if math.isfinite(loss) else None
