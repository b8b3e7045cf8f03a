"""Uses of the operating system: processors, memory, signals, locks, files, pipes, progress."""
