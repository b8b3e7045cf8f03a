"""Messages of runs that are stopped or resumed."""

from __future__ import annotations

from collections.abc import Sequence

from w2v.runs.text_messages import Console
from w2v.system.progress import plural


def say_what_is_kept(
    console: Console, words: int, lost: int, total: int, checkpoint: str | None, is_new: bool
) -> None:
    """Report what is kept of a run that ends before it is complete, and how to continue.

    words       number of words trained so far
    lost        number of words of which the workers of a cluster had the results, now lost
    total       number of words to train in all epochs; 0 if none was trained
    checkpoint  the path of the checkpoint; None if there is none
    is_new      whether the checkpoint was written just now
    """
    if lost and total:
        at = f"; the checkpoint is at {words / total:.1%}" if checkpoint and is_new else ""
        console.say(
            f"workers had the results of the last {plural(lost, 'word')}, which are lost{at}"
        )
    if checkpoint and is_new:
        console.say(f"to continue, run the same command with --resume ({checkpoint})")
    elif checkpoint:
        console.say(f"to continue from an earlier checkpoint, add --resume ({checkpoint})")


def said_of_loss(stage: str, has_checkpoint: bool) -> str:
    """The end of the line about a stop signal, such as "terminated while training: …".

    stage           what the signal interrupted
    has_checkpoint  whether there is an earlier checkpoint
    """
    new = "new " if has_checkpoint else ""
    return f"while {stage}: nothing {new}was saved"


def say_nothing_to_resume(console: Console, output: str, changes: Sequence[str]) -> None:
    """Report that --resume found no checkpoint, and whether another result will be replaced.

    output   the path of the file to write
    changes  how that file, the result of another run, differs: see `Provenance.replaced`
    """
    console.say("no checkpoint to resume from: starting from the beginning")
    if changes:
        console.warn(
            f"{output} is the result of another run, and will be replaced: {'; '.join(changes)}"
        )
