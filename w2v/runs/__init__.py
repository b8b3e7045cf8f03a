"""One run of w2v train, from the text to the file, with checkpoints, validation and messages."""
