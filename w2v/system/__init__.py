"""The machine and its files: resources, signals, files that are written whole, pipes, progress."""
