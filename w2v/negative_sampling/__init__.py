"""Word and paragraph vectors by negative sampling, on the engine in `training`."""
