"""Estimates of the time of training, also with each preset, from a few seconds of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from w2v.negative_sampling.trainer import WordTrainer
from w2v.presets import PRESETS
from w2v.runs.executors import ChunkExecutor, Executor
from w2v.runs.request import Request
from w2v.settings import NegativeSamplingSettings
from w2v.system.progress import Progress


@dataclass(frozen=True)
class Forecast:
    """What training with a preset would take.

    preset   the name of the preset
    values   the settings that it sets, by name
    seconds  the time of training
    memory   bytes of the whole process
    """

    preset: str
    values: Mapping[str, Any]
    seconds: float
    memory: int


def measured(executor: Executor, seconds: float) -> Progress | None:
    """Train for a few seconds; returns the last progress report, None for a closed form.

    The first chunks are trained before, because they are slow: kernels that an empty chunk does not
    need are loaded, or compiled, and memory is touched for the first time.
    """
    reports: list[Progress] = []
    executor.estimate(lambda state: None, 0.0)
    executor.estimate(
        lambda state: reports.append(state) if isinstance(state, Progress) else None, seconds
    )
    return reports[-1] if reports else None


def forecasts(
    request: Request, executor: Executor, words: int, memory: int, last: Progress | None
) -> Iterator[Forecast]:
    """Estimate what training with each preset would take; nothing for a run that takes no preset.

    request   the options of the run, without a preset
    executor  the executor of the run, which has prepared the trainer
    words     number of words of the text
    memory    bytes that the whole process needs with the options of the run
    last      the last progress report of a few seconds of training, see `measured`
    """
    options = request.options
    if not request.model.has_presets or request.preset.preset or request.is_update or not last:
        return
    assert isinstance(options, NegativeSamplingSettings)
    assert isinstance(executor, ChunkExecutor)
    seconds = last.seconds * last.total / max(last.words, 1)
    for preset in PRESETS:
        values = request.preset_values(preset, words)
        chosen = replace(options, **values)
        other = copy(executor)
        other.trainer = trainer = copy(executor.trainer)
        assert isinstance(trainer, WordTrainer)
        trainer.settings = chosen
        change = other.memory_bytes() - executor.memory_bytes()
        yield Forecast(preset, values, seconds * work(chosen) / work(options), memory + change)


def work(options: NegativeSamplingSettings) -> float:
    """The work of training with some settings, relative to others of the same model and loss.

    It is the number of epochs, times the targets of a window, times the length of a row. The path
    of a word in hierarchical softmax does not depend on the settings.
    """
    targets = 1 + options.negative if options.loss == "ns" else 1
    return options.epochs * targets * options.padded_dim
