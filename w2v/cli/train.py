"""w2v train: its options, which depend on the model, and a training run."""

from __future__ import annotations

import sys
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import Field, fields
from functools import cache
from typing import Any

import click

from w2v.cli import catch_signals
from w2v.cli.command import OUTPUT, Command, grouped
from w2v.cli.corpus_argument import corpus_argument
from w2v.cli.options import (
    limit_blas,
    quiet_option,
    recursive_option,
    setting_options,
)

DEFAULT_MODEL = "skipgram"


class TrainCommand(Command):
    """A command whose options are those of the model that --model names."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Find the value of --model, then parse with the options of that model."""
        from w2v.cli.foreign_options import translated

        args = translated(args)
        ctx.meta["w2v.model"] = DEFAULT_MODEL
        for i, arg in enumerate(args):
            if arg == "--":
                break
            if arg == "--model" and i + 1 < len(args):
                ctx.meta["w2v.model"] = args[i + 1]
            if arg.startswith("--model="):
                ctx.meta["w2v.model"] = arg.partition("=")[2]
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own options, those of the text and those of the model.

        Options of other models are hidden. Giving one is an error that names these models.
        """
        own, hidden = _model_options(ctx.meta.get("w2v.model", DEFAULT_MODEL))
        base = super().get_params(ctx)
        return [*base[:-1], *own, *hidden, base[-1]]  # base[-1] is --help

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does, then a list of the models with their summaries."""
        from w2v.cli.help import write_groups
        from w2v.models import models

        super().format_help_text(ctx, formatter)
        rows = [(model.name, model.summary) for model in models().values()]
        write_groups({"Models": rows}, formatter)


@cache
def _model_options(name: str) -> tuple[list[click.Option], list[click.Option]]:
    """The options of the model of this name, and those of other models, which are hidden.

    They are kept, because click asks for the options of a command three times. Programs that call
    w2v.train, and our tests, read many command lines: 14 ms each before, 5 ms now.
    """
    from w2v.models import models
    from w2v.setting_fields import option_name
    from w2v.settings import RunSettings

    model = models().get(name) or models()[DEFAULT_MODEL]
    own: dict[str, click.Option] = {}
    for kind in (*model.settings_classes, RunSettings):
        own |= setting_options(kind)
    option_names = {name for option in own.values() for name in option.opts}
    # The fields that this model lacks, each with the names of the models that have it.
    models_with: dict[str, tuple[Field[Any], list[str]]] = {}
    for other in models().values():
        for field in (field for kind in other.settings_classes for field in fields(kind)):
            if field.name not in own and option_name(field.name) not in option_names:
                models_with.setdefault(field.name, (field, []))[1].append(other.name)
    hidden = [_hidden_option(field, names, own) for field, names in models_with.values()]
    return list(own.values()), hidden


def _hidden_option(field: Field[Any], model_names: list[str], own: Collection[str]) -> click.Option:
    """Return an option of other models: giving it is an error that names these models.

    own  the settings of the chosen model
    """

    def refuse(ctx: click.Context, param: click.Parameter, value: object) -> None:
        if value is not None:
            raise click.UsageError(
                f"{param.opts[0]} works only with --model {' or '.join(model_names)}"
                f"{instead_of(field.name, own)}"
            )

    from w2v.setting_fields import instead_of, option_name

    name, is_flag = option_name(field.name), isinstance(field.default, bool)
    names = f"{name}/--no-{name[2:]}" if field.default is True else name
    return click.Option(
        [names], is_flag=is_flag, default=None, hidden=True, expose_value=False, callback=refuse
    )


def _complete_models(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from w2v.models import models

    return [name for name in models() if name.startswith(incomplete)]


@click.command(
    cls=TrainCommand,
    examples=(
        "w2v train corpus.txt",
        "w2v train corpus.txt --model cbow --dim 300 --epochs 10 -o cbow.bin",
        "w2v train documents.tsv --model lda --topics 5 -o topics.safetensors",
    ),
)
@corpus_argument(required=True)
@click.option(
    "-o", "--output", default="vectors.safetensors", show_default=True, type=OUTPUT, metavar="FILE",
    help="Output file. The suffix sets the format, as in w2v convert. With -, write text to "
    "stdout.",
)  # fmt: skip
@grouped(
    "Model",
    click.option(
        "--model", "model_name", default=DEFAULT_MODEL, show_default=True, metavar="NAME",
        shell_complete=_complete_models,
        help="The model to train, see the list above. w2v train --model NAME --help lists its "
        "options.",
    ),
)  # fmt: skip
@click.option(
    "--resume", is_flag=True,
    help="Continue a stopped run of the same command from its checkpoint. If there is no "
    "checkpoint, start anew.",
)  # fmt: skip
@click.option(
    "--force", is_flag=True,
    help="With --resume: continue even if the text or a setting has changed. This is impossible if "
    "the matrices of the checkpoint do not fit: after a change of the vocabulary, of --dim or "
    "--topics, of the text or --threads with lda, or of --threads or --epochs with networks.",
)  # fmt: skip
@recursive_option
@click.option(
    "--dry-run", is_flag=True,
    help="Read the text, estimate the memory and time of training, and write nothing but the "
    "file of --save-vocab.",
)  # fmt: skip
@quiet_option
def train(
    corpus: tuple[str, ...],
    output: str,
    model_name: str,
    resume: bool,
    force: bool,
    recursive: bool,
    dry_run: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Train word or document vectors, or a text classifier.

    CORPUS is a text file, plain or compressed (.gz, .bz2, .xz, .zst), a tar archive of them, a WET
    or Parquet file, an address such as 's3://bucket/*.gz', or - for stdin. Each line is a sentence
    of any length; for models of documents, each line is a document. With --text-field, the texts
    are a field of JSON lines, or a column of tables. Progress is reported on stderr.
    """
    from w2v.models import models

    if force and not resume:
        raise click.UsageError("--force works only with --resume")
    limits_blas = model_name in models() and models()[model_name].limits_blas
    limit_blas(1 if limits_blas else given.get("threads"))
    from w2v import api
    from w2v.system.progress import ProgressLine

    catch_signals()
    model = api.find_model(model_name)
    console = ProgressLine(sys.stderr, quiet)
    with ExitStack() as stack:
        run = api.build_run(corpus, output, model, given, console, stack, recursive=recursive)
        run.carry_out(resume, force, dry_run)
