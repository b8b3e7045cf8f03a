"""Vectors of several runs in one space."""
