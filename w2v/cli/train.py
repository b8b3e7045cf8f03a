"""w2v train: options from the models' settings, and a run."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click

from w2v.cli import catch_signals
from w2v.cli.completion import FILE
from w2v.cli.options import dealt, limit_blas, setting_options
from w2v.errors import W2VError

if TYPE_CHECKING:
    from w2v.cli.report import Report
    from w2v.job import Job
    from w2v.models import Model
    from w2v.origin import Origin

DEFAULT_MODEL = "skipgram"


class ModelOption(click.Option):
    """--model, whose help lists the models with what they learn."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Read the registry only when help is asked for."""
        from w2v.models import models

        listed = "; ".join(f"{model.name}: {model.summary}" for model in models().values())
        return f"--model {self.metavar}", f"{listed}  [default: {self.default}]"


class TrainCommand(click.Command):
    """Takes the options of the model that is named; those of other models are a mistake."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Find out which model is meant, then parse with its options."""
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
        """Our own options, those of the text and of the model; others' are hidden and refused."""
        from w2v.models import models
        from w2v.settings import RunSettings, option_name

        named = models().get(ctx.meta.get("w2v.model", DEFAULT_MODEL)) or models()[DEFAULT_MODEL]
        own = setting_options(RunSettings)
        for kind in _kinds(named):
            own |= setting_options(kind)
        taken = {name for option in own.values() for name in option.opts}
        foreign: dict[str, list[str]] = {}
        for model in models().values():
            for field in (field for kind in _kinds(model) for field in fields(kind)):
                if field.name not in own and option_name(field.name) not in taken:
                    foreign.setdefault(field.name, []).append(model.name)
        refused = [_refused(name, takers) for name, takers in foreign.items()]
        base = super().get_params(ctx)
        return [*base[:-1], *own.values(), *refused, base[-1]]  # --help is last


def _kinds(model: Model) -> list[type]:
    """The settings that a model takes besides those of every run."""
    from w2v.settings import DocumentSettings, TextSettings

    takes = model.inference or model.way == "batches"
    documents: list[type] = [DocumentSettings] if takes else []
    return [TextSettings, *documents, model.settings]


def _refused(name: str, takers: list[str]) -> click.Option:
    def refuse(ctx: click.Context, param: click.Parameter, value: object) -> None:
        if value is not None:
            raise click.UsageError(f"{param.opts[0]} is for --model {' or '.join(takers)}")

    from w2v.settings import option_name

    return click.Option([option_name(name)], hidden=True, expose_value=False, callback=refuse)


def _models_begun(ctx: click.Context, param: click.Parameter, begun: str) -> list[str]:
    from w2v.models import models

    return [name for name in models() if name.startswith(begun)]


@click.command(cls=TrainCommand)
@click.argument("corpus", nargs=-1, required=True, type=FILE, metavar="CORPUS...")
@click.option(
    "-o", "--output", default="vectors.safetensors", show_default=True, type=FILE, metavar="FILE",
    help="Where to write; the suffix picks the format, as in w2v convert; - is text on "
    "stdout.",
)  # fmt: skip
@click.option(
    "--model", "model_name", default=DEFAULT_MODEL, show_default=True, metavar="NAME",
    cls=ModelOption, shell_complete=_models_begun,
)  # fmt: skip
@click.option(
    "--resume", is_flag=True,
    help="Go on with the run of this command that was stopped, if there is one.",
)  # fmt: skip
@click.option(
    "--force", is_flag=True,
    help="With --resume: go on although something differs; the result is another.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Read the text, say what training takes, and stop.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def train(
    corpus: tuple[str, ...],
    output: str,
    model_name: str,
    resume: bool,
    force: bool,
    dry_run: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Train word or document vectors on texts.

    CORPUS is a file, plain or packed (.gz .bz2 .xz), or - for stdin. A line is a sentence, of any
    length, or a document; for models of documents see --format. Progress goes to stderr.
    """
    from w2v.models import models
    from w2v.settings import DocumentSettings, RunSettings, TextSettings, option_name

    if model_name not in models():
        raise W2VError(f"--model {model_name}: no such model; there are {', '.join(models())}")
    chosen = {name: value for name, value in given.items() if value is not None}
    if force and not resume:
        raise click.UsageError("--force is for --resume")
    if chosen.get("cluster"):
        chosen["deterministic"] = True
    if not chosen.get("deterministic"):
        for name in {"shards", "round_words"} & chosen.keys():
            raise click.UsageError(f"{option_name(name)} is for --deterministic")
    in_batches = models()[model_name].way == "batches"  # whose threads each call BLAS
    limit_blas(1 if in_batches else chosen.get("threads"))
    from w2v.chain import Chain
    from w2v.cli.cluster import on_cluster
    from w2v.cli.report import Report
    from w2v.course import Course
    from w2v.job import Job
    from w2v.solution import Solution

    catch_signals()
    model = models()[model_name]
    if (model.inference or model.way == "batches") and chosen.get("update"):
        raise click.UsageError("--update is for models of words")
    origin = _origin(chosen)
    if origin:
        chosen = {"dim": origin.dim, **origin.settings, **chosen}
    kinds = model.settings, TextSettings, RunSettings, DocumentSettings
    options, text, how, documents = dealt(chosen, *kinds)
    documents = documents if model.has_documents(options) else None
    kind = {"gradients": Job, "at once": Solution, "sweeps": Chain, "batches": Course}[model.way]
    told = corpus, output, model, options, text, how, documents, origin
    with ExitStack() as stack:
        job = on_cluster(stack, told, how.cluster) if how.cluster else kind(*told)
        _run(job, Report(job, quiet), resume, force, dry_run)


def _run(job: Job, report: Report, resume: bool, force: bool, dry_run: bool) -> None:
    """Take a job from its text to its file."""
    if not (resume or dry_run) and job.has_checkpoint():
        raise W2VError(
            f"{job.checkpoint_path} is there, of a run that was stopped: --resume, or remove it"
        )
    report.read()
    if resume and job.is_done():
        job.forget_checkpoint()
        report.say(f"{job.output} is the result of this very run: nothing to do")
        return
    report.start()
    if dry_run:
        report.estimate()
        return
    if resume:
        report.resume(force)
    report.train()


def _origin(chosen: dict[str, Any]) -> Origin | None:
    """What a run starts from, if that is not random."""
    from w2v.origin import Origin

    path, update = chosen.get("init"), chosen.get("update")
    if update and chosen.get("read_vocab"):
        raise click.UsageError("--update goes on with the words of the model: no --read-vocab")
    if path and update:
        raise click.UsageError("--init or --update: a run starts from one of them")
    if chosen.get("freeze") and not path:
        raise click.UsageError("--freeze is for --init")
    chosen_path = path or update
    return Origin(chosen_path, bool(update)) if chosen_path else None
