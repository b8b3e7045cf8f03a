"""w2v generate: a text, word by word, by a language model."""

from __future__ import annotations

import click

from w2v.cli import catch_signals
from w2v.cli.command import INPUT, Command, finite, grouped
from w2v.cli.options import limit_blas
from w2v.cli.output import printable


@click.command(
    cls=Command,
    examples=(
        "w2v generate language.safetensors --words 20",
        'w2v generate language.safetensors --prompt "the guitar" --temperature 0.5',
    ),
)
@click.argument("model", type=INPUT)
@grouped(
    "Sampling",
    click.option(
        "--prompt", default="", metavar="TEXT",
        help="Continue this text. Its words must be known to the model.",
    ),
    click.option(
        "--words", type=click.IntRange(0), default=100, show_default=True, metavar="N",
        help="Write N words.",
    ),
    click.option(
        "--temperature", type=click.FloatRange(0), callback=finite,
        default=1.0, show_default=True, metavar="X",
        help="Flatten or sharpen the probabilities. 0: always the likeliest word; 1: as learnt; "
        "more: more varied.",
    ),
    click.option(
        "--top-k", type=click.IntRange(0), default=0, show_default=True, metavar="N",
        help="Draw only from the N likeliest words; 0: from all.",
    ),
    click.option(
        "--seed", type=click.IntRange(0), default=1, show_default=True, metavar="N",
        help="Seed of the random numbers. The same seed writes the same text.",
    ),
)  # fmt: skip
def generate(
    model: str, prompt: str, words: int, temperature: float, top_k: int, seed: int
) -> None:
    """Write a text with a language model.

    MODEL is a network of w2v train --task lm. The end of a sentence, <eos>, is written as a line
    end.
    """
    if temperature != temperature:  # which is in any range
        raise click.UsageError("--temperature nan: a number from 0 on")
    limit_blas(1)
    from w2v.runs.saved_model import SavedNetwork
    from w2v.text.vocabulary import END, UNKNOWN

    catch_signals()
    saved = SavedNetwork(model, "lm")
    rows = {name: row for row, name in enumerate(saved.names)}
    prompt_words = saved.words_of(prompt)
    unknown_row = rows.get(UNKNOWN)
    unknown = [word for word in prompt_words if word not in rows]
    if unknown:
        click.echo(f"not in the vocabulary: {printable(' '.join(unknown))}", err=True)
    ids = [row for word in prompt_words if (row := rows.get(word, unknown_row)) is not None]
    begin = " ".join(printable(word) for word in prompt_words)
    click.echo(begin, nl=False)
    at_line_start = not begin
    for row in saved.network.generate(ids, words, temperature, top_k, seed):
        if saved.names[row] == END:
            click.echo("")
            at_line_start = True
            continue
        click.echo(("" if at_line_start else " ") + printable(saved.names[row]), nl=False)
        at_line_start = False
    if not at_line_start:
        click.echo("")
