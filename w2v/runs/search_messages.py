"""The messages of a search of settings: a line for each trial, and the command of the best one."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Collection
from dataclasses import fields, replace
from typing import Any

from w2v.runs.messages import Messages
from w2v.runs.needed_settings import without_effect
from w2v.runs.request import Request
from w2v.runs.setting_proposals import SEARCHED, Settings
from w2v.runs.text_messages import Console
from w2v.runs.trial import Trial, choice_of
from w2v.setting_fields import option_name
from w2v.system.pipes import output_name
from w2v.system.progress import duration, plural
from w2v.training.protocols import Summarised

_MOST_PATHS = 3  # texts that are named in the command that trains the best model
_NOT_TRAINED = ("time", "metric", "log_json", "save_vocab", "patience")  # left out of that command


class SearchMessages:
    """Reports the trials of a search.

    console   prints the lines
    request   the options and files of the search
    fixed     the settings that are not searched
    patience  --patience of each trial
    hides     for a Python program: whether a path is that of a temporary file; None: a command
    """

    def __init__(
        self, console: Console, request: Request, fixed: Collection[str], patience: int,
        hides: Callable[[str], bool] | None = None,
    ):  # fmt: skip
        self._console, self._request, self._fixed, self._hides = console, request, fixed, hides
        self._patience, self._messages = patience, Messages(console, request)
        self._defaults = choice_of(request)

    def plan(self) -> None:
        """Report what a search would do, after the estimate of the first trial."""
        names = [option_name(name) for name in SEARCHED if name not in self._fixed]
        changed = ", ".join(names) or "nothing, because all settings are given"
        self._console.say(
            f"--time {self._request.search.time} would try these settings first, and then change "
            f"{changed}"
        )

    def trial(self, trial: Trial, elapsed: float, is_best: bool) -> None:
        """Report the result of a trial.

        elapsed  seconds since the search began
        is_best  whether it is the best trial so far
        """
        best = ", best" if is_best else ""
        self._console.say(
            f"trial {trial.number}, {duration(elapsed)}: {self._named(trial.settings)}: "
            f"{_result(trial)}{best}"
        )
        self._messages.log(
            "trial", trial=trial.number, seconds=round(elapsed, 3), settings=dict(trial.settings),
            changed=self._changes(trial.settings), measure=trial.score_name,
            score=trial.score, loss=trial.loss, complete=trial.is_done, best=is_best,
        )  # fmt: skip

    def left_out(self, settings: Settings, reason: str) -> None:
        """Report settings that could not be tried."""
        self._console.say(f"left out: {self._named(settings)}: {reason}")

    def end(self, best: Trial, trials: int, elapsed: float, reason: str) -> None:
        """Report the result of the search, whose model is written.

        best     the best trial
        trials   number of trials
        elapsed  seconds since the search began
        reason   why it ended before the time was over; empty: it did not
        """
        ended = f", {reason}" if reason else ""
        self._console.say(
            f"{plural(trials, 'trial')} in {duration(elapsed)}{ended}; the best is trial "
            f"{best.number}: {_result(best)}"
        )
        trainer = best.run.executor.trainer
        if isinstance(trainer, Summarised) and (summary := trainer.summary()):
            self._console.say(summary)
        self._say_command(best)
        self._messages.saved()

    def stopped(self, best: Trial | None, words: int) -> None:
        """Report that a signal stopped the search.

        best   the best trial, whose model is written; None: nothing is written
        words  number of words that were trained, in all trials
        """
        output = output_name(self._request.output)
        self._messages.log("stop", words=words)
        if best is None:
            self._console.say(f"stopped before the end of an epoch; {output} was not written")
            return
        self._console.say(f"stopped; {output} holds trial {best.number}, the best so far")
        self._say_command(best)

    def _say_command(self, best: Trial) -> None:
        whole = " completely" if best.unfinished else ""
        again = self.command(best.settings) if self._hides is None else self.call(best.settings)
        self._console.say(f"to train it again{whole}: {again}")

    def command(self, settings: Settings) -> str:
        """The command line that trains the model of a trial."""
        request = self._request
        paths = list(request.paths) if len(request.paths) <= _MOST_PATHS else ["CORPUS..."]
        options = self._options(self._given(settings))
        args = ["--model", request.model.name, *options, "-o", request.output]
        return shlex.join(["w2v", "train", *paths, *args])

    def call(self, settings: Settings) -> str:
        """The call of `w2v.train` that trains the model of a trial.

        Arguments that are no paths, such as texts, are shown as `...`.
        """
        request, paths = self._request, list(self._request.paths)
        given = {"model": request.model.name, **self._given(settings), "output": request.output}
        if self._is_hidden(request.output):
            del given["output"]
        corpus = repr(paths if len(paths) > 1 else paths[0])
        if self._is_hidden(paths[0]):
            corpus = "texts=..."
            given.pop("encoding", None)  # texts have none
        elif len(paths) > _MOST_PATHS:
            corpus = "..."
        named = [f"{k}={'...' if self._is_hidden(v) else repr(v)}" for k, v in given.items()]
        return f"w2v.train({', '.join([corpus, *named])})"

    def _is_hidden(self, value: object) -> bool:
        """Whether a value, such as texts, was given as a Python object, which is not shown."""
        if not isinstance(value, str) or self._hides is None:
            return False
        return "\n" in value or self._hides(value)

    def _given(self, settings: Settings) -> dict[str, Any]:
        """The settings of the user that take part in training, and those of a trial."""
        given = self._request.given.items()
        kept = {name: value for name, value in given if name not in _NOT_TRAINED}
        kept |= {"patience": self._patience, **self._changes(settings)}
        options = self._request.options
        own = {name: value for name, value in settings.items() if hasattr(options, name)}
        for name in without_effect(replace(options, **own), kept):
            del kept[name]  # such as limits of word n-grams, if the best model has none
        return kept

    def _options(self, values: Settings) -> list[str]:
        """The arguments that give settings these values."""
        request, args = self._request, list[str]()
        for name, value in values.items():
            option = option_name(name)
            if not isinstance(value, bool):
                args += [option, str(value)]
            elif value:
                args.append(option)
            elif any(
                field.name == name and field.default is True
                for group in (request.options, request.text, request.run, request.documents)
                for field in (fields(group) if group else ())
            ):
                args.append(f"--no-{option[2:]}")
        return args

    def _changes(self, settings: Settings) -> dict[str, Any]:
        """What differs from the settings of the request."""
        changed = {name: value for name, value in settings.items() if value != self._defaults[name]}
        if settings["word_ngrams"] == "1":  # it has no effect
            changed.pop("ngram_min_count", None)
        return changed

    def _named(self, settings: Settings) -> str:
        """Settings as the options that differ from the defaults."""
        unchanged = "the given settings" if {*self._fixed} & {*SEARCHED} else "the defaults"
        return shlex.join(self._options(self._changes(settings))) or unchanged


def _result(trial: Trial) -> str:
    """The result of a trial."""
    if trial.fault or math.isnan(trial.score):
        return trial.fault or "stopped before the end of an epoch"
    result = f"{trial.score_name} {trial.score:.2%}, loss {max(trial.loss, 0.0):.4f}"
    return f"{result}, stopped: {trial.unfinished}" if trial.unfinished else result
