"""w2v train: options from the models' settings, a run, and what it says on stderr."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click

from w2v.cli import catch_signals
from w2v.cli.options import Option, say_bad_bytes, say_compiling, setting_options, show_reading
from w2v.errors import W2VError

if TYPE_CHECKING:
    from w2v.job import Job

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
        from w2v.settings import TextSettings

        own = setting_options(TextSettings)
        named = models().get(ctx.meta.get("w2v.model", DEFAULT_MODEL))
        own |= setting_options((named or models()[DEFAULT_MODEL]).settings)
        foreign: dict[str, list[str]] = {}
        for model in models().values():
            for field in fields(model.settings):
                if field.name not in own:
                    foreign.setdefault(field.name, []).append(model.name)
        refused = [_refused(name, takers) for name, takers in foreign.items()]
        base = super().get_params(ctx)
        return [*base[:-1], *own.values(), *refused, base[-1]]  # --help is last


def _refused(name: str, takers: list[str]) -> click.Option:
    def refuse(ctx: click.Context, param: click.Parameter, value: object) -> None:
        if value is not None:
            raise click.UsageError(f"{param.opts[0]} is for --model {' or '.join(takers)}")

    from w2v.settings import option_name

    return click.Option([option_name(name)], hidden=True, expose_value=False, callback=refuse)


@click.command(cls=TrainCommand)
@click.argument("corpus", nargs=-1, required=True, metavar="CORPUS...")
@click.option(
    "-o", "--output", default="vectors.safetensors", show_default=True, metavar="FILE",
    help="Where to write; the suffix picks the format (.safetensors .txt .vec .bin), - is text on "
    "stdout.",
)  # fmt: skip
@click.option(
    "--model", "model_name", default=DEFAULT_MODEL, show_default=True, metavar="NAME",
    cls=ModelOption,
)  # fmt: skip
@click.option(
    "--threads", "--workers", "threads", cls=Option, type=click.IntRange(1, 1024), metavar="N",
    help="How many train at once  [default: the processors that may be used]",
)  # fmt: skip
@click.option(
    "--resume", is_flag=True,
    help="Go on with the run of this command that was stopped, if there is one.",
)  # fmt: skip
@click.option(
    "--force", is_flag=True,
    help="With --resume: go on although something differs; the result is another.",
)  # fmt: skip
@click.option(
    "--checkpoint-every", "every", default=5.0, show_default=True, metavar="MINUTES",
    type=click.FloatRange(0), help="How often OUTPUT.checkpoint is written; 0: only when stopped.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Read the text, say what training takes, and stop.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def train(
    corpus: tuple[str, ...],
    output: str,
    model_name: str,
    threads: int | None,
    resume: bool,
    force: bool,
    every: float,
    dry_run: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Train word vectors on texts.

    CORPUS is a file, plain or packed (.gz .bz2 .xz), or - for stdin. A line is a sentence, of any
    length. Progress goes to stderr.
    """
    from w2v.machine import processors
    from w2v.models import models
    from w2v.progress import ProgressLine
    from w2v.settings import TextSettings, option_name

    if model_name not in models():
        raise W2VError(f"--model {model_name}: no such model; there are {', '.join(models())}")
    threads = threads or processors()
    for library in ("OPENBLAS", "MKL", "OMP"):  # before NumPy is imported
        os.environ.setdefault(f"{library}_NUM_THREADS", str(threads))
    from w2v.job import Job

    catch_signals()
    model = models()[model_name]
    chosen = {name: value for name, value in given.items() if value is not None}
    of_text = {field.name for field in fields(TextSettings)}
    job = Job(
        corpus,
        output,
        model,
        model.settings(**{k: v for k, v in chosen.items() if k not in of_text}),
        TextSettings(**{k: v for k, v in chosen.items() if k in of_text}),
        threads,
        every,
    )
    line = ProgressLine(sys.stderr, quiet)
    if force and not resume:
        raise click.UsageError("--force is for --resume")
    if not chosen.get("deterministic"):
        for name in {"shards", "round_words"} & chosen.keys():
            raise click.UsageError(f"{option_name(name)} is for --deterministic")
    if not (resume or dry_run) and job.has_checkpoint():
        raise W2VError(
            f"{job.checkpoint_path} is there, of a run that was stopped: --resume, or remove it"
        )
    _read(job, line)
    if resume and job.is_done():
        job.forget_checkpoint()
        line.say(f"{output} is the result of this very run: nothing to do")
        return
    _start(job, line)
    if dry_run:
        _estimate(job, line.say)
        return
    if resume:
        if job.resume(force):
            share = job.state.words / job.plan.words
            line.say(f"resumed from {job.checkpoint_path} at {share:.1%}")
        else:
            line.say("nothing to resume: starting anew")
    _train(job, line)


def _read(job: Job, line: Any) -> None:
    from w2v.progress import plural

    job.read(show_reading(line, job.corpus), lambda: say_compiling(line))
    say_bad_bytes(line, job.corpus)
    vocabulary, text = job.vocabulary, job.text
    line.say(
        f"vocabulary: {len(vocabulary.names):,} of {vocabulary.types:,} words; "
        f"{text.size:,} of {vocabulary.tokens:,} tokens kept, "
        f"in {plural(text.starts.size - 1, 'sentence')}"
    )


def _start(job: Job, line: Any) -> None:
    from w2v.machine import readable

    matrices = job.options.matrix_bytes(len(job.vocabulary.names))
    line.say(f"memory: {readable(job.memory())}, of it {readable(matrices)} for the matrices")
    job.start(lambda: say_compiling(line))


def _estimate(job: Job, say: Callable[[str], None]) -> None:
    """Train for two seconds on the side to learn how long all would take."""
    from w2v.progress import Progress, duration, plural

    seen: list[Progress] = []
    job.estimate(seen.append, seconds=2.0)
    last = seen[-1]
    say(
        f"time: about {duration(last.seconds * last.total / max(last.words, 1))} for "
        f"{plural(last.epochs, 'epoch')} at {last.words / last.seconds:,.0f} words/s on "
        f"{plural(job.threads, 'thread')}; nothing was written"
    )


def _train(job: Job, line: Any) -> None:
    from w2v.progress import Progress, duration, plural

    seen: list[Progress] = []

    def show(progress: Progress) -> None:
        seen[:] = [progress]
        line.show(progress)

    try:
        state = job.train(show)
    except KeyboardInterrupt:
        line.say(f"stopped at: {seen[0] if seen else 'the start'}; {job.output} was not written")
        if job.state.chunks_done and job.checkpoint():
            line.say(f"to go on: the same command with --resume ({job.checkpoint_path})")
        raise
    seconds = seen[0].seconds
    losses = ["-" if math.isnan(loss) else f"{loss:.4f}" for loss in state.mean_losses()]
    line.say(
        f"trained {plural(len(losses), 'epoch')} in {duration(seconds)}: "
        f"{seen[0].rate:,.0f} words/s on {plural(job.threads, 'thread')}; "
        f"loss {losses[0]} in the first, {losses[-1]} in the last"
    )
    if not all(pairs for _, pairs in state.losses):
        line.say("there were epochs in which subsampling left not one pair: try --sample 0")
    job.save()
    line.say(f"wrote {job.output}")
