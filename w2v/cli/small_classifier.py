"""The options of w2v convert that make classifiers smaller, and the conversion of a classifier."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields

import click

from w2v.cli.command import INPUT, finite, grouped
from w2v.cli.option_bundle import given_options, option_bundle
from w2v.cli.output import printable
from w2v.system.pipes import name_of, output_name


@dataclass(frozen=True)
class ClassifierOptions:
    """The values of the options; see `runs.small_classifier.Shrinking`."""

    prune: int | None
    retrain: str | None
    epochs: int | None
    lr: float | None
    dropout: float | None
    weights: str | None
    seed: int | None
    deterministic: bool
    threads: int | None

    @property
    def is_given(self) -> bool:
        """Whether the command line has --prune or --retrain."""
        return self.prune is not None or self.retrain is not None

    @property
    def files(self) -> dict[str, str | None]:
        """The files that are read, by their description in messages."""
        return {"the texts of --retrain": self.retrain, "the file of --weights": self.weights}

    def check(self) -> None:
        """Raise a UsageError for options of the command line that cannot be combined."""
        names = "epochs", "lr", "dropout", "weights", "seed", "threads"
        for_training = {name: getattr(self, name) for name in names}
        given = [name for name, value in for_training.items() if value is not None]
        given += ["deterministic"] * self.deterministic
        if given and self.retrain is None:
            raise click.UsageError(f"--{given[0]} is for --retrain: add --retrain FILE")
        own = "--prune" if self.prune is not None else "--retrain"
        for name in options_for_vectors() if self.is_given else ():
            raise click.UsageError(f"{own} is for classifiers, {name} for vectors: leave one out")


def options_for_vectors() -> list[str]:
    """The options of w2v convert for vectors that the command line gives, other than defaults.

    --check is for classifiers too.
    """
    context, given = click.get_current_context(), given_options()
    own = {"dtype", "check"} | {field.name for field in fields(ClassifierOptions)}
    return [
        given[str(param.name)]
        for param in context.command.params
        if param.name in given.keys() - own
        and context.params[str(param.name)] != param.get_default(context)
    ]


classifier_options = option_bundle(
    "classifier",
    ClassifierOptions,
    grouped(
        "Classifiers",
        click.option(
            "--prune", type=click.IntRange(1), metavar="N",
            help="Of a model nbow, keep the N most important features: words, character n-grams "
            "and word n-grams together.",
        ),
        click.option(
            "--retrain", type=INPUT, metavar="FILE",
            help="Of a model nbow, rank features by how often they occur in these labelled texts, "
            "and train those that are kept further on them. Use the training texts.",
        ),
        click.option(
            "--epochs", type=click.IntRange(0, 1 << 30), metavar="N",
            help="With --retrain: number of passes over the texts. With 0, features are only "
            "ranked.  [default: 5]",
        ),
        click.option(
            "--lr", type=click.FloatRange(0, 1e6), callback=finite, metavar="X",
            help="With --retrain: initial learning rate.  [default: half of that of the model]",
        ),
        click.option(
            "--dropout", type=click.FloatRange(0, 0.99), callback=finite, metavar="X",
            help="With --retrain: share (0 to 0.99) of the features of a text that are left out at "
            "random.  [default: 0.5]",
        ),
        click.option(
            "--weights", type=INPUT, metavar="FILE",
            help="With --retrain: file of the weights of labels in the loss, as for w2v train. It "
            "must be given if the model was trained with one.",
        ),
        click.option(
            "--seed", type=click.IntRange(0), metavar="N",
            help="With --retrain: random seed.  [default: that of the model]",
        ),
        click.option(
            "--deterministic", is_flag=True,
            help="With --retrain: the same seed gives the same bytes on any number of threads. A "
            "model that was trained with this option is retrained with it.",
        ),
        click.option(
            "--threads", type=click.IntRange(1), metavar="N",
            help="With --retrain: number of worker threads.  [default: all processors]",
        ),
    ),
)  # fmt: skip


def shrink(
    source: str, target: str, dtype: str | None, check: bool, options: ClassifierOptions
) -> bool:
    """Write a small classifier, if IN is a neural bag of words and OUT can hold it.

    check    whether damaged bytes of IN are reported
    Returns  False if nothing was written, because the vectors of the words are converted instead
    Raises   UsageError for --prune or --retrain and another IN or OUT
    """
    from w2v.embeddings import container, formats
    from w2v.models import models
    from w2v.system import packing

    if not (dtype or options.is_given):
        return False
    name = formats.contents(source)[1].get("model", "")
    model = models().get(name)
    is_classifier = model is not None and model.is_labelled
    is_container = packing.plain_name(target).lower().endswith(".safetensors")
    own = "--prune" if options.prune is not None else "--retrain"
    if options.is_given and not is_classifier:
        raise click.UsageError(
            f"{name_of(source)} is no classifier of --model nbow: leave out {own}"
        )
    if options.is_given and not is_container:
        raise click.UsageError(f"{own} writes a small classifier: OUT must end in .safetensors")
    if not (is_classifier and is_container) or options_for_vectors():
        if dtype == "i4":
            raise click.UsageError("--dtype i4 is for classifiers of --model nbow: use i8")
        return False
    if check and (damaged := container.damaged(*formats.contents(source))):
        message = f"{name_of(source)}: {container.said_damaged(damaged)}"
        click.echo(printable(message), err=True)
    from w2v.runs import small_classifier
    from w2v.system.progress import ProgressLine

    values = {**vars(options), "dtype": dtype}
    shrinking, line = small_classifier.Shrinking(**values), ProgressLine(sys.stderr)
    done = small_classifier.write(source, target, shrinking, line)
    line.say(f"{output_name(target)}: a classifier of {done}")
    return True
