"""Evaluation: word similarity and analogy sets, comparison of files, document classification."""
