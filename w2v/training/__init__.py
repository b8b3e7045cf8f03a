"""The training of every iterative model: chunks of the text, worker threads, state of the run."""
