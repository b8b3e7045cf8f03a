"""The engine of every iterative model: chunks of a text, the state of a run, worker threads."""
