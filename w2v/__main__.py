"""The command `w2v`, and `python -m w2v`."""

from __future__ import annotations

import signal


def run() -> None:
    """Run the command line."""
    # A command that holds nothing to tidy up dies of Ctrl-C on the spot, as other Unix programs do;
    # those that do call `catch_signals`. A script that starts us in the background ignores Ctrl-C.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from w2v.cli import main

    main()


if __name__ == "__main__":
    run()
