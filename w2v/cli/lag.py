"""w2v lag: over how many steps recurrent networks can learn a dependency."""

from __future__ import annotations

import sys
from concurrent.futures import CancelledError, ThreadPoolExecutor
from statistics import median
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from w2v.cli.charts import chart_kind, plot_option, write_chart
from w2v.cli.command import Command, grouped
from w2v.cli.options import limit_blas, quiet_option
from w2v.cli.output import ResultPrinter, format_options
from w2v.errors import W2VError

if TYPE_CHECKING:
    from w2v.networks.lag_experiment import Outcome

_COUNT = click.IntRange(1)


@click.command(
    cls=Command,
    examples=(
        "w2v lag --length 5 --seeds 1 --steps 50",
        "w2v lag --model lstm --task words --length 5 --seeds 1 --plot lag.tsv",
    ),
)
@grouped(
    "Experiment",
    click.option(
        "--model", default="rnn,lstm", show_default=True, metavar="LIST",
        help="Networks to train, separated by commas: rnn, lstm, gru.",
    ),
    click.option(
        "--length", default="10,30,100", show_default=True, metavar="LIST",
        help="Lengths to try, separated by commas: numbers in the sequence (adding), or filler "
        "words between the two words (words).",
    ),
    click.option(
        "--task", default="adding,words", show_default=True, metavar="LIST",
        help="Tasks to learn, separated by commas: adding, words.",
    ),
    click.option(
        "--steps", type=_COUNT, default=4000, show_default=True, metavar="N",
        help="Stop a run after N minibatches.",
    ),
    click.option(
        "--units", type=_COUNT, default=32, show_default=True, metavar="N",
        help="Units of the recurrent layer.",
    ),
    click.option(
        "--seeds", type=_COUNT, default=3, show_default=True, metavar="N",
        help="Repeat each run with N seeds.",
    ),
)  # fmt: skip
@click.option(
    "--threads", type=_COUNT, metavar="N",
    help="Number of runs that are trained at the same time.  [default: the processors that may be "
    "used]",
)  # fmt: skip
@quiet_option
@plot_option
@format_options
def lag(
    model: str,
    length: str,
    task: str,
    steps: int,
    units: int,
    seeds: int,
    threads: int | None,
    quiet: bool,
    plot: str | None,
    results: ResultPrinter,
) -> None:
    """Measure how far back recurrent networks can learn.

    There are two tasks with random data. adding: predict the sum of the two marked numbers of a
    sequence. The score is the mean squared error: 0.167 if the answer is always 1; below 0.01 the
    task is solved. words: after "i grew up in france", filler words and "and i speak", predict the
    next word. The score is the accuracy: 0.125 by chance; at 0.99 the task is solved. A run ends
    when it has solved its task.

    rnn is trained twice: with tanh, and with relu and the identity as initial recurrent matrix
    (IRNN). All networks use Adam (learning rate 0.002), minibatches of 32 and gradients clipped to
    norm 1. The biases of the LSTM's forget gate and the GRU's update gate start at 3, and word
    vectors at random between -1 and 1.

    Prints the median score of the runs, the number of runs that solved the task, and the median
    number of minibatches. The last columns show how far the gradient reaches before training: the
    norm of the gradient with respect to the state a quarter, half and all of the way back, divided
    by the norm with respect to the last state.
    """
    limit_blas(1)
    from w2v.networks.lag_experiment import train_on_task
    from w2v.system import output_files
    from w2v.system.progress import ProgressLine, duration
    from w2v.system.resources import processors

    if plot:
        chart_kind(plot)
    output_files.check({"--plot": plot}, {})
    cells = _cells(model, task, length)
    line, count = ProgressLine(sys.stderr, quiet), len(cells) * seeds
    runs_done, start = [0.0], _now()  # a list, so that `show` can change its number
    stop = Event()

    def show(share: float) -> None:
        """Count a share of a run as done, and show the progress; end a run that is stopped."""
        if stop.is_set():
            raise CancelledError
        runs_done[0] += share
        spent = _now() - start
        left = duration(spent * (count / runs_done[0] - 1)) if runs_done[0] > 0 else "?"
        line.show(f"training {runs_done[0] / count:6.1%}  at most {left} left")

    def train(cell: tuple[str, str, int], seed: int) -> Outcome:
        outcome = train_on_task(*cell, steps, units, seed, lambda: show(1 / steps))
        show(1 - outcome.steps / steps)  # a run that ended early skips these minibatches
        return outcome

    with ThreadPoolExecutor(threads or processors()) as pool:
        runs = [[pool.submit(train, cell, seed) for seed in range(1, seeds + 1)] for cell in cells]
        try:
            results.print_heading(_HEADING)
            rows = []
            for cell, cell_runs in zip(cells, runs, strict=True):
                rows.append(_facts(cell, [run.result() for run in cell_runs]))
                results.print(rows[-1], _line(rows[-1]), [_row(rows[-1])])
        finally:  # after an error, as of a closed stdout, nothing more is trained
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
    if plot:
        from w2v.plots import chart_data

        write_chart(chart_data.lag(rows), plot, line.say)


def _cells(model: str, task: str, length: str) -> list[tuple[str, str, int]]:
    """The task, the network and the length of each cell, from the lists of the options."""
    from w2v.networks.lag_experiment import TASKS, VARIANTS

    variants = [
        variant for name in _names(model, "--model", VARIANTS) for variant in VARIANTS[name]
    ]
    tasks, lengths = _names(task, "--task", TASKS), _lengths(length)
    return [
        (task_name, variant, sequence_length)
        for task_name in tasks
        for sequence_length in lengths
        for variant in variants
    ]


_HEADING = (
    "task    length  network             score    solved  batches   1/4      1/2      all back"
)


def _facts(cell: tuple[str, str, int], outcomes: list[Outcome]) -> dict[str, Any]:
    """Return the JSON record of the runs of one cell: a task, a network and a length."""
    task, variant, length = cell
    from w2v.networks.lag_experiment import DISTANCES

    by_distance = zip(*(run.gradients for run in outcomes), strict=True)
    reach = (_finite(_median(list(norms))) for norms in by_distance)
    return {
        "task": task,
        "length": length,
        "network": variant,
        "score": _finite(_median([run.score for run in outcomes])),
        "scores": [_finite(run.score) for run in outcomes],
        "solved": sum(run.solved(task) for run in outcomes),
        "runs": len(outcomes),
        "batches": round(median(run.steps for run in outcomes)),
        "gradients": {f"{at:g}": share for at, share in zip(DISTANCES, reach, strict=True)},
    }


def _row(facts: dict[str, Any]) -> list[Any]:
    """Return the TSV row of a record."""
    names = ("task", "length", "network", "score", "solved", "runs", "batches")
    shares = facts["gradients"].values()
    return [
        *(facts[name] for name in names),
        *(None if share is None else f"{share:.3g}" for share in shares),
    ]


def _line(facts: dict[str, Any]) -> str:
    """Return the plain line of a record, without the gradient at distance 0, which is 1."""
    reach = "  ".join(f"{_or_nan(share):<7.2g}" for share in [*facts["gradients"].values()][1:])
    return (
        f"{facts['task']:8}{facts['length']:6}  {facts['network']:18}"
        f"{_or_nan(facts['score']):7.3f}  {facts['solved']:3} of {facts['runs']}  "
        f"{facts['batches']:7}   {reach}".rstrip()
    )


def _or_nan(number: float | None) -> float:
    """Return the number, or NaN for None."""
    return float("nan") if number is None else number


def _median(numbers: list[float]) -> float:
    """Return the median, where NaN (a run that diverged) counts as larger than any number."""
    return median(sorted(numbers, key=lambda number: (number != number, number)))


def _finite(number: float) -> float | None:
    """Return the number, or None if it is NaN or infinite, which JSON cannot store."""
    return number if abs(number) < float("inf") else None


def _now() -> float:
    from time import monotonic

    return monotonic()


def _names(text: str, option: str, known: Any) -> list[str]:
    """Return the names in a list separated by commas; W2VError if one of them is not known."""
    names = text.split(",")
    for name in names:
        if name not in known:
            raise W2VError(f"{option} {name}: expected one or more of {', '.join(known)}")
    return names


def _lengths(text: str) -> list[int]:
    """Return the numbers of --length; W2VError if one of them is invalid."""
    try:
        lengths = [int(number) for number in text.split(",")]
    except ValueError:
        lengths = [0]  # out of range: raises the error below
    if not all(2 <= length <= 100_000 for length in lengths):
        raise W2VError(
            f"--length {text}: expected whole numbers from 2 to 100,000, separated by commas"
        )
    return lengths
