"""The messages of a run: lines on stderr, and the JSON events of --log-json."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from w2v.embeddings import formats
from w2v.errors import NothingToLearnError
from w2v.factorization.stopwords import find as find_stopwords
from w2v.runs.nothing_to_learn import is_full, left_out_by
from w2v.runs.request import Request
from w2v.runs.stop_messages import said_of_loss, say_nothing_to_resume, say_what_is_kept
from w2v.runs.text_messages import (
    Console,
    say_compiling,
    say_documents,
    say_labels,
    say_listed,
    say_no_ngrams,
    say_pruned,
    say_spellings,
    say_text_changes,
    show_reading,
)
from w2v.runs.time_estimate import Forecast
from w2v.runs.validation import Validation
from w2v.setting_fields import option_name
from w2v.settings import SubwordSettings
from w2v.system.atomic_file import AppendedFile
from w2v.system.packing import packer
from w2v.system.pipes import output_name
from w2v.system.progress import Progress, duration, plural
from w2v.system.resources import readable
from w2v.text.corpus import Corpus
from w2v.text.encoded_text import EncodedText
from w2v.text.vocabulary import Vocabulary
from w2v.training.protocols import ComposesWords, Trainer
from w2v.training.state import TrainingState

LOG_INTERVAL = 1.0  # seconds between two progress events in the log


class Messages:
    """Reports each step of a run.

    console  prints the lines
    request  the options and files of the run; --log-json names the file of the JSON log
    """

    def __init__(self, console: Console, request: Request):
        self._console, self._request = console, request
        self._log_file = AppendedFile(path) if (path := request.run.log_json) else None
        self.is_logged = True  # whether events are written to that file; not in a dry run
        self._logged_seconds = -math.inf  # training time at the last progress event in the log
        self._last_progress: Progress | None = None
        self._ngrams = 0
        self._stage = "reading the text"  # what a stop signal would interrupt; "" if it is saved

    def log(self, event: str, **facts: Any) -> None:
        """Append an event and its facts to the log, as a JSON object; NaN and infinity as null.

        `time` is that of the event, in UTC, in ISO 8601.
        """
        if not (log_file := self._log_file) or not self.is_logged:
            return
        finite = {
            name: None if isinstance(fact, float) and not math.isfinite(fact) else fact
            for name, fact in facts.items()
        }
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"event": event, "time": now, **finite}) + "\n"
        try:
            with log_file.opened() as file, packer(file, log_file.path) as packed:
                packed.write(line.encode())
        except OSError as error:  # a full disk must not end the run
            name = output_name(log_file.path)
            self._console.warn(f"{name}: {error.strerror}: the log ends here")
            self._log_file = None

    def compiling(self) -> None:
        """Report that kernels are about to be compiled."""
        say_compiling(self._console)

    def reading(self, corpus: Corpus) -> Callable[[int], None]:
        """Make the function that shows how much of a text has been read."""
        return show_reading(self._console, corpus)

    def preset(self, request: Request, words: int, values: Mapping[str, Any]) -> None:
        """Report what a preset has set, and use the request with these settings from now on.

        words   number of words of the text
        values  the settings that the preset has set, by name
        """
        self._request = request
        self._console.say(
            f"preset {request.preset.preset} for {plural(words, 'word')}: {_named(values)}"
        )

    def text(
        self,
        corpus: Corpus,
        vocabulary: Vocabulary,
        text: EncodedText,
        trainer: Trainer | None,
        seeds: Sequence[str] = (),
    ) -> None:
        """Report the vocabulary, and warn of doubtful properties of the text.

        trainer  the trainer of the run, which may train n-grams; None: one that trains none
        seeds    messages about seed words: how many are used, then which are not
        """
        self._stage = "training"
        ngrams = trainer.ngrams if isinstance(trainer, ComposesWords) else 0
        request, console = self._request, self._console
        say_text_changes(console, corpus)
        say_pruned(console, vocabulary)
        words, self._ngrams, composed = vocabulary.types_kept, ngrams, ""
        if request.composes_words:
            unit = "n-gram" if request.numbers_ngrams else "bucket"
            of_ngrams = "" if request.numbers_ngrams else " of n-grams"
            composed = f" and {plural(ngrams, unit)}{of_ngrams}"
        console.say(
            f"vocabulary: {words:,} of {vocabulary.types:,} words{composed}; "
            f"{text.size:,} of {vocabulary.tokens:,} tokens kept, "
            f"in {plural(text.starts.size - 1, 'document' if request.documents else 'sentence')}"
        )
        say_listed(console, request.run.read_vocab, request.text, vocabulary.types - words)
        if isinstance(request.options, SubwordSettings):
            say_no_ngrams(console, request.options, ngrams)
        if not request.is_update:
            say_spellings(console, vocabulary, request.text)
        elif is_full(vocabulary, request.text):
            console.say(
                f"the vocabulary is full (--max-vocab {request.text.max_vocab}): raise --max-vocab "
                "to add more new words"
            )
        say_documents(console, corpus, text, getattr(request.options, "input_length", None))
        if request.labels in ("needed", "several"):
            say_labels(console, corpus)
        stopwords = getattr(request.trainer_options, "stopwords", "none")
        if stopwords != "none":
            count = find_stopwords(stopwords, vocabulary.names)
            console.say(f"stop words: {count.found:,} of {count.listed:,} are in the vocabulary")
        for number, note in enumerate(seeds):
            (console.warn if number else console.say)(note)

    def held_out(self, corpus: Corpus, text: EncodedText, unknown: int) -> None:
        """Report the size of the held-out text; `unknown` of its tokens are out of vocabulary."""
        console, path = self._console, self._request.run.valid
        say_text_changes(console, corpus)
        say_documents(console, corpus, text, getattr(self._request.options, "input_length", None))
        oov = f"out-of-vocabulary tokens: {unknown:,}"
        console.say(f"held-out text {path}: {text.size:,} tokens; {oov}")

    def memory(self, total: int, matrices: int) -> None:
        """Report the bytes that the process needs in total, and the part of the matrices."""
        self._console.say(
            f"memory: {readable(total)}, including {readable(matrices)} for the matrices"
        )

    def start(
        self, vocabulary: Vocabulary, text: EncodedText, initialised: int, memory: int, threads: int
    ) -> None:
        """Report that the matrices are allocated, and how many words have initial vectors.

        initialised  number of words whose initial vectors were read from a file
        memory       bytes that the process needs in total
        threads      number of training threads
        """
        request, initial = self._request, self._request.initial
        if initial and initial.topics:
            self._console.say(
                f"the counts of {plural(initialised, 'word')} come from {initial.name}; "
                f"{output_name(request.output)} will have only the new documents"
            )
        elif initial:
            frozen = " and stay frozen" if request.run.freeze else ""
            count = initial.composed
            composed = f" ({count:,} composed of its n-grams)" if count else ""
            composed += f" ({initial.added:,} not in the text)" if initial.added else ""
            self._console.say(
                f"{initialised:,} of {len(vocabulary.names):,} words take their initial vectors "
                f"from {initial.name}{composed}{frozen}"
            )
            if initial.left_out:
                self._console.warn(f"{initial.name}: {initial.left_out}: left out")
            if unused := initial.unused_ngrams(request.options):
                self._console.warn(f"{initial.name}: {unused}")
        if initial and request.keeps_subwords:
            self._console.say(
                f"the n-grams of {initial.name} are kept in the file for new documents; --oov skip "
                "leaves them out"
            )
        if request.model.predicts and formats.writer(request.output):
            self._console.warn(
                f"{output_name(request.output)}: this format holds only the word vectors; w2v "
                "predict needs -o X.safetensors"
            )
        if request.composes_words and (lost := formats.lost_subwords(request.output)):
            self._console.warn(f"{output_name(request.output)}: {lost}")
        elif self._ngrams and request.numbers_ngrams and request.output.lower().endswith(".bin"):
            self._console.warn(
                f"{request.output}: the n-grams are distributed to the buckets of the file, so "
                "that vectors of unknown words are approximate; --buckets 2000000 avoids this"
            )
        self.log(
            "start", output=request.output, model=request.model.name,
            settings=asdict(request.options), words=len(vocabulary.names), ngrams=self._ngrams,
            tokens=text.size, memory=memory, threads=threads,
        )  # fmt: skip

    def estimate(self, last: Progress | None, threads: int) -> None:
        """Report how long training would take, from the progress of its first seconds.

        last     the last progress report; None for a model in closed form
        threads  number of training threads
        """
        if last is None:
            self._console.say(
                f"training time: no estimate, --model {self._request.model.name} is computed in "
                "closed form; nothing was written"
            )
            return
        self._console.say(
            f"training time: about {duration(last.seconds * last.total / max(last.words, 1))} for "
            f"{plural(last.epochs, 'epoch')} at {last.words / last.seconds:,.0f} words/s on "
            f"{plural(threads, 'thread')}; nothing was written"
        )

    def forecasts(self, forecasts: Iterable[Forecast]) -> None:
        """Report what each preset would set, and what training would then take."""
        for forecast in forecasts:
            self._console.say(
                f"--preset {forecast.preset} would take about {duration(forecast.seconds)} and "
                f"{readable(forecast.memory)} of memory: {_named(forecast.values)}"
            )

    def resumed(self, path: str, state: TrainingState, words: int) -> None:
        """Report that a run continues from a checkpoint.

        path   the path of the checkpoint
        state  the progress of the run
        words  number of words of the run, in all epochs
        """
        self._console.say(f"resumed from {path} at {state.words / words:.1%}")
        self.log("resume", words=state.words)

    def nothing_to_resume(self, changes: Sequence[str]) -> None:
        """Report that --resume found no checkpoint: see `stop_messages`."""
        say_nothing_to_resume(self._console, self._request.output, changes)

    def already_done(self) -> None:
        """Report that --resume found the finished output of the same run."""
        self._console.say(
            f"{self._request.output} is already the result of this run: nothing to do"
        )

    def progress(self, progress: Progress | str) -> None:
        """Show the progress of the training; it is a string for a model in closed form."""
        self._console.show(progress)
        if isinstance(progress, str):
            return
        self._last_progress = progress
        if progress.seconds - self._logged_seconds >= LOG_INTERVAL:
            self._logged_seconds = progress.seconds
            self.log("progress", rate=progress.rate, **asdict(progress))

    def epoch(
        self, epoch: int, epochs: int, loss: float, held_out: float | None, note: str
    ) -> None:
        """Report the end of an epoch.

        epoch     number of the epoch, from 1
        loss      mean training loss of the epoch, in nats
        held_out  validation loss; None without --valid
        note      text to show after the validation loss, such as an accuracy; may be empty
        """
        self.log("epoch", epoch=epoch, loss=loss, valid_loss=held_out)
        if held_out is not None:
            line = f"epoch {epoch}/{epochs}: loss {loss:.4f}, validation loss {held_out:.4f}"
            self._console.say(f"{line}, {note}" if note else line)

    def summary(
        self, losses: list[float], validation: Validation | None, result: str, threads: int
    ) -> None:
        """Report the losses of a training that is complete.

        losses      mean loss of each epoch; empty for a model in closed form
        validation  the validation of the run; None without --valid
        result      the trainer's summary of the result, see `Summarised`; may be empty
        threads     number of training threads
        """
        if losses:
            self._losses(losses, threads)
            if validation and validation.has_best:
                best = validation.best_epoch
                self._console.say(
                    f"kept epoch {best + 1}, which has the lowest validation loss: "
                    f"{validation.losses[best]:.4f}"
                )
            self._warn_of_losses(losses)
        if result:
            self._console.say(result)

    def _losses(self, losses: list[float], threads: int) -> None:
        """Report training time, speed, and the losses of the first and the last epoch."""
        measure, last = self._request.model.measure, self._last_progress
        sign = -1 if measure == "log-likelihood" else 1
        numbers = ["-" if math.isnan(loss) else f"{sign * loss:.4f}" for loss in losses]
        if last:  # None: the run was resumed with nothing left to train
            self._console.say(
                f"trained {plural(len(losses), 'epoch')} in {duration(last.seconds)}: "
                f"{last.rate:,.0f} words/s on {plural(threads, 'thread')}; "
                f"{measure} {numbers[0]} in the first epoch, {numbers[-1]} in the last"
            )

    def _warn_of_losses(self, losses: list[float]) -> None:
        """Warn of epochs without training, or of a last loss above that of untrained vectors."""
        untrained = self._request.options.untrained_loss
        cause, _, advice = left_out_by(self._request.options)
        if empty_epochs := sum(map(math.isnan, losses)):
            self._console.say(
                f"{cause} left nothing to train in {plural(empty_epochs, 'epoch')}: try {advice}"
            )
        elif losses[-1] > untrained:
            self._console.say(
                f"the last loss is above that of untrained vectors, {untrained:.4f}: "
                "the vectors may be useless; try a lower --lr"
            )

    def saved(self) -> None:
        """Report that the file is written."""
        self._stage = ""
        self.log("end", output=self._request.output)
        self._console.say(f"wrote {output_name(self._request.output)}")

    def stopped(
        self, words: int, lost: int, best_epoch: int | None, checkpoint: str | None, is_new: bool
    ) -> None:
        """Report that a run ends before it is complete.

        words       number of words trained so far
        lost        number of words of which the workers of a cluster had the results, now lost
        best_epoch  the epoch (from 1) whose vectors were written; None: no file was written
        checkpoint  the path of the checkpoint; None if there is none
        is_new      whether the checkpoint was written just now
        """
        self._stage = "" if is_new else self._stage
        output = output_name(self._request.output)
        written = f"{output} was not written"
        if best_epoch is not None:
            written = f"{output} holds epoch {best_epoch}, the best so far"
        last = self._last_progress
        self._console.say(f"stopped{f' at {last}' if last else ''}; {written}")
        self.log("stop", words=words)
        say_what_is_kept(self._console, words, lost, last.total if last else 0, checkpoint, is_new)

    def interrupted(self, signal: KeyboardInterrupt, has_checkpoint: bool) -> None:
        """Add to a stop signal what it interrupted, if that was lost: see `stop_messages`."""
        if self._stage:
            signal.add_note(said_of_loss(self._stage, has_checkpoint))

    def nothing_kept(self) -> None:
        """Report that an error ended a run that cannot be continued."""
        self._console.say("the run cannot be continued: run the same command again")

    def no_checkpoint(self, path: str | None, error: OSError) -> None:
        """Report that the system could not write a checkpoint."""
        self._console.say(f"{path}: {error.strerror or error}: no checkpoint was written")

    def stopped_after_saving(self) -> None:
        """Report that a stop signal came after the file was written."""
        output = output_name(self._request.output)
        self._console.say(f"stopped after {output} was written: the run is complete")

    def nothing_learnt(self, reason: NothingToLearnError, name: str, changed: str) -> None:
        """Warn that an update had nothing to learn, so that the model was copied.

        reason   the error that says why there is nothing to learn
        name     the file of the model
        changed  a message about subwords that the output does not keep; "" if there are none
        """
        output = output_name(self._request.output)
        self.log("end", output=self._request.output)
        is_copy = formats.writer(self._request.output) is None
        holds = "is an unchanged copy of" if is_copy else "holds the vectors of"
        self._console.warn(f"{reason}: nothing to learn; {output} {holds} {name}")
        if changed:
            self._console.warn(f"{output}: {changed}")


def _named(values: Mapping[str, Any]) -> str:
    """The settings of a preset as options."""
    options = (f"{option_name(name)} {value}" for name, value in values.items())
    return " ".join(options) or "nothing, because all its settings are given"
