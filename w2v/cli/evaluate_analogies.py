"""w2v evaluate analogies: accuracy on analogy questions (A is to B as C is to what?)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from w2v.cli.charts import chart_kind, plot_option, write_chart
from w2v.cli.command import Command, grouped
from w2v.cli.compared_files import print_compared, say_scored
from w2v.cli.evaluate_options import EvaluatedFiles, evaluated_file_options, say_few
from w2v.cli.output import ResultPrinter, format_options, printable

if TYPE_CHECKING:
    from w2v.evaluation.analogies import AnalogyResult


@click.command(
    cls=Command,
    examples=(
        "w2v evaluate analogies questions.txt",
        "w2v evaluate analogies questions.txt --method mul --plot sections.tsv",
    ),
)
@evaluated_file_options
@grouped(
    "Evaluation",
    click.option(
        "--method", type=click.Choice(["add", "mul"]), default="add", show_default=True,
        help="Score answers by 3CosAdd (add) or 3CosMul (mul).",
    ),
    click.option(
        "--count-oov", is_flag=True, help="Count questions with unknown words as wrong answers."
    ),
)  # fmt: skip
@plot_option
@format_options
def analogies(
    files: EvaluatedFiles,
    method: str,
    count_oov: bool,
    plot: str | None,
    results: ResultPrinter,
) -> None:
    """Measure accuracy on analogies: A is to B as C is to what?

    A SET has four words on each line, and a line ": NAME" before each section. Sections whose names
    begin with gram are syntactic. An answer is searched among the words that --restrict keeps,
    except the three words of the question. Questions with unknown words are not counted, unless
    --count-oov is given. Case is ignored. Prints the accuracy of each section.
    Several -v files are compared as by w2v compare.
    """
    from w2v.embeddings.formats import read_with
    from w2v.evaluation import compare
    from w2v.evaluation.analogies import analogies, totals
    from w2v.system import output_files

    if plot and len(files.sets) > 1:
        raise click.UsageError("--plot needs a single SET")
    if plot:
        chart_kind(plot)
    if count_oov and len(files.vectors) > 1:
        raise click.UsageError(
            "--count-oov works only with a single -v: leave it out, because several files are "
            "compared on the questions whose words all of them have"
        )
    vector_files = [file for path in files.paths() for file in read_with(path)]
    output_files.check(
        {"--plot": plot},
        {"one of the test sets": files.sets, "one of the vector files": vector_files},
    )
    tables = files.tables()
    for path in files.sets:
        answered = [analogies(table, path, files.restrict, method) for table in tables]
        for file, each in zip(files.paths(), answered, strict=True):
            total = totals(each)[-1]
            unknown = total.questions - total.answerable
            composed = int(total.composed.sum()) if len(answered) == 1 else 0
            files.report_words(path, file, composed, unknown, "question")
        if len(answered) > 1:
            groups = compare.by_questions(answered, path)
            say_scored(path, files.vectors, groups[-1], "question")
            for compared in groups:
                print_compared(files.vectors, compared, "question", results)
        else:
            if not count_oov:
                say_few(path, total.answerable, total.questions, "question")
            if len(files.sets) > 1:
                results.print_heading(f"{printable(path)}:")
            for result in [*answered[0], *totals(answered[0])]:
                _print_section(path, result, count_oov, results)
        if plot:
            from w2v.plots import chart_data

            by_file = zip(files.paths(), compare.on_common(answered), strict=True)
            chart = chart_data.sections(
                path,
                {
                    name: [(result.section, result.accuracy(count_oov)) for result in sections]
                    for name, sections in by_file
                },
            )
            write_chart(chart, plot, lambda message: click.echo(message, err=True))


def _print_section(
    path: str, result: AnalogyResult, count_oov: bool, results: ResultPrinter
) -> None:
    """Print the accuracy of a section; a dash if it has no questions to count."""
    accuracy = result.accuracy(count_oov)
    share = "     -" if accuracy is None else f"{accuracy:6.1%}"
    right, answerable, questions = result.correct, result.answerable, result.questions
    results.print(
        {"set": path, "section": result.section, "accuracy": accuracy, "right": right,
         "answerable": answerable, "questions": questions},
        f"{share}  {right} of {answerable} answerable, {questions} questions  "
        f"{printable(result.section)}",
    )  # fmt: skip
