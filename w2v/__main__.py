"""The command `w2v`, and `python -m w2v`."""

from __future__ import annotations

import signal


def run() -> None:
    """Run the command line."""
    # Ctrl-C ends the process at once, as in other Unix programs. Commands that have something to
    # clean up install handlers with `cli.catch_signals`. A process that a script has started in the
    # background ignores Ctrl-C, and continues to.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from w2v.cli import main

    main()


if __name__ == "__main__":
    run()
