"""The training loop of every iterative model: chunks of a text, state of a run, worker threads."""
