"""Evaluation of vectors: similarity and analogy sets, several files compared, classification."""
