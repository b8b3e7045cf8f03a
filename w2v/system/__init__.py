"""The operating system: processors and memory, signals, locks, atomic files, pipes, progress."""
