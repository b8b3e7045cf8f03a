"""Word and paragraph vectors trained by negative sampling on that engine."""
