"""What a run says: lines on stderr, and JSON in a file if that is asked for. It decides nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from w2v.errors import NothingToLearnError
from w2v.factorization.stopwords import find as find_stopwords
from w2v.runs.nothing_to_learn import is_full
from w2v.runs.request import Request
from w2v.runs.text_messages import (
    Console,
    say_attached,
    say_bad_bytes,
    say_compiling,
    say_documents,
    say_pruned,
    show_reading,
)
from w2v.runs.validation import Validation
from w2v.system.packing import packer
from w2v.system.progress import Progress, duration, plural
from w2v.system.resources import readable
from w2v.text.corpus import Corpus
from w2v.text.encoded_text import EncodedText
from w2v.text.vocabulary import Vocabulary
from w2v.training.state import TrainingState

LOG_INTERVAL = 1.0  # seconds between the log's reports of progress


class Messages:
    """What a run says at each of its steps.

    console  where lines go
    request  of the run; the JSON log is its --log-json
    """

    def __init__(self, console: Console, request: Request):
        self._console, self._request = console, request
        self._log_path = request.run.log_json
        self._logged = -math.inf
        self._last: Progress | None = None

    def log(self, event: str, **facts: Any) -> None:
        """Write an object to the log: `event` and its facts; what is not finite is null."""
        if not self._log_path:
            return
        finite = {
            name: None if isinstance(fact, float) and not math.isfinite(fact) else fact
            for name, fact in facts.items()
        }
        line = json.dumps({"event": event, **finite}) + "\n"
        try:
            with open(self._log_path, "ab") as file, packer(file, self._log_path) as packed:
                packed.write(line.encode())
        except OSError as error:  # a run must not end because its log cannot go on
            self._console.warn(f"{self._log_path}: {error.strerror}: the log ends here")
            self._log_path = None

    def compiling(self) -> None:
        """Kernels are about to be compiled."""
        say_compiling(self._console)

    def reading(self, corpus: Corpus) -> Callable[[int], None]:
        """A function that shows how far a text has been read."""
        return show_reading(self._console, corpus)

    def text(self, corpus: Corpus, vocabulary: Vocabulary, text: EncodedText) -> None:
        """What has been read, and what is peculiar about it."""
        request, console = self._request, self._console
        say_bad_bytes(console, corpus)
        say_pruned(console, vocabulary)
        words = min(len(vocabulary.names), vocabulary.types)  # <unk> and <eos> may be added
        console.say(
            f"vocabulary: {words:,} of {vocabulary.types:,} words; "
            f"{text.size:,} of {vocabulary.tokens:,} tokens kept, "
            f"in {plural(text.starts.size - 1, 'document' if request.documents else 'sentence')}"
        )
        if not request.is_update:
            say_attached(console, vocabulary, request.text)
        elif is_full(vocabulary, request.text):
            console.say(
                f"--max-vocab {request.text.max_vocab} allows no more new words than these: "
                "a higher one does"
            )
        say_documents(console, corpus, text, getattr(request.options, "length", None))
        stopwords = getattr(request.options, "stopwords", "none")
        if stopwords != "none":
            found = find_stopwords(stopwords, vocabulary.names)
            console.say(f"stop words: {found.found:,} of {found.listed:,} are in the vocabulary")

    def held_out(self, corpus: Corpus, text: EncodedText, unknown: int) -> None:
        """The held-out text has been read; `unknown` tokens of it are not in the vocabulary."""
        say_bad_bytes(self._console, corpus)
        self._console.say(
            f"held out: {text.size:,} tokens of {self._request.run.valid}, "
            f"{unknown:,} left out as unknown"
        )

    def memory(self, in_all: int, matrices: int) -> None:
        """What the run needs, in bytes."""
        self._console.say(
            f"memory: {readable(in_all)}, of it {readable(matrices)} for the matrices"
        )

    def start(
        self, vocabulary: Vocabulary, text: EncodedText, initialised: int, memory: int, threads: int
    ) -> None:
        """The matrices are there; so many words start from the vectors of a file."""
        request, initial = self._request, self._request.initial
        if initial:
            self._console.say(
                f"{initialised:,} of {len(vocabulary.names):,} words start from "
                f"{initial.name}{', frozen' * request.run.freeze}"
            )
            if initial.left_out:
                self._console.warn(f"{initial.name}: {initial.left_out}: left out")
        self.log(
            "start", output=request.output, model=request.model.name,
            settings=asdict(request.options), words=len(vocabulary.names), tokens=text.size,
            memory=memory, threads=threads,
        )  # fmt: skip

    def estimate(self, last: Progress | None, threads: int) -> None:
        """How long training would take, by the progress of its first seconds."""
        if last is None:
            self._console.say("it is computed at once; nothing was written")
            return
        self._console.say(
            f"time: about {duration(last.seconds * last.total / max(last.words, 1))} for "
            f"{plural(last.epochs, 'epoch')} at {last.words / last.seconds:,.0f} words/s on "
            f"{plural(threads, 'thread')}; nothing was written"
        )

    def resumed(self, path: str, state: TrainingState, words: int) -> None:
        """A run goes on from a checkpoint; `words` are trained in all of it."""
        self._console.say(f"resumed from {path} at {state.words / words:.1%}")
        self.log("resume", words=state.words)

    def nothing_to_resume(self) -> None:
        """There is no checkpoint to go on from."""
        self._console.say("nothing to resume: starting anew")

    def already_done(self) -> None:
        """The output is the result of this very run."""
        self._console.say(f"{self._request.output} is the result of this very run: nothing to do")

    def progress(self, progress: Progress | str) -> None:
        """How far the training is; a text for a model in closed form."""
        self._console.show(progress)
        if isinstance(progress, str):
            return
        self._last = progress
        if progress.seconds - self._logged >= LOG_INTERVAL:
            self._logged = progress.seconds
            self.log("progress", rate=progress.rate, **asdict(progress))

    def epoch(
        self, epoch: int, epochs: int, loss: float, held_out: float | None, note: str
    ) -> None:
        """An epoch (from 1) has ended; `held_out` is the loss of the held-out text."""
        self.log("epoch", epoch=epoch, loss=loss, valid_loss=held_out)
        if held_out is not None:
            self._console.say(
                f"epoch {epoch}/{epochs}: loss {loss:.4f}, held out {held_out:.4f}"
                + f", {note}" * bool(note)
            )

    def summary(
        self, losses: list[float], validation: Validation | None, found: str, threads: int
    ) -> None:
        """What the training has come to.

        losses      of the epochs, means; none for a model in closed form
        validation  of the held-out text
        found       what the trainer says itself
        """
        if losses:
            self._losses(losses, threads)
            if validation and validation.keeps:
                best = validation.best
                self._console.say(f"kept epoch {best + 1}, held out {validation.losses[best]:.4f}")
            self._doubts(losses)
        if found:
            self._console.say(found)

    def _losses(self, losses: list[float], threads: int) -> None:
        measure, last = self._request.model.measure, self._last
        sign = -1 if measure == "log-likelihood" else 1
        shown = ["-" if math.isnan(loss) else f"{sign * loss:.4f}" for loss in losses]
        if last:  # else a run was resumed that had only its file to write
            self._console.say(
                f"trained {plural(len(losses), 'epoch')} in {duration(last.seconds)}: "
                f"{last.rate:,.0f} words/s on {plural(threads, 'thread')}; "
                f"{measure} {shown[0]} in the first, {shown[-1]} in the last"
            )

    def _doubts(self, losses: list[float]) -> None:
        untrained = self._request.options.untrained_loss
        if nothing := sum(map(math.isnan, losses)):
            self._console.say(
                f"subsampling left nothing to learn in {plural(nothing, 'epoch')}: try --sample 0"
            )
        elif losses[-1] > untrained:
            self._console.say(
                f"the loss is higher than that of vectors that know nothing, {untrained:.4f}: "
                "they may be worthless; try a lower --lr"
            )

    def saved(self) -> None:
        """The file is written."""
        self.log("end", output=self._request.output)
        self._console.say(f"wrote {self._request.output}")

    def stopped(self, words: int, best_epoch: int | None, checkpoint: str) -> None:
        """A run ends before its file is written.

        words       trained so far
        best_epoch  the epoch (from 1) that the file has, if it has one
        checkpoint  how to go on; empty where there is nothing to go on from
        """
        output = self._request.output
        written = f"{output} was not written"
        if best_epoch is not None:
            written = f"{output} has epoch {best_epoch}, the best so far"
        self._console.say(f"stopped at: {self._last or 'the start'}; {written}")
        self.log("stop", words=words)
        if checkpoint:
            self._console.say(checkpoint)

    def no_checkpoint(self, path: str | None, error: OSError) -> None:
        """A checkpoint could not be written."""
        self._console.say(f"{path}: {error.strerror or error}: no checkpoint was written")

    def stopped_after_saving(self) -> None:
        """A stop came when all was done."""
        self._console.say(f"stopped when {self._request.output} was written: nothing is left to do")

    def nothing_learnt(self, reason: NothingToLearnError, name: str) -> None:
        """An update had nothing to learn: the model was copied from file `name`."""
        output = self._request.output
        self.log("end", output=output)
        self._console.warn(f"{reason}: nothing to learn; {output} is {name} as it was")
