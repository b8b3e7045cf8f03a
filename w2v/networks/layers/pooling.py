"""The pooling layer: the states of all steps to one vector for each text."""

from __future__ import annotations

import numpy as np

WAYS = ("last", "mean", "max")


class Pooling:
    """(T, B, U) to (B, U): the last state, or the mean or maximum over the steps with a word.

    way  last, mean or max
    """

    def __init__(self, way: str):
        self._way = way

    def forward(self, h: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Pool h, (T, B, U), with the mask (T, B).

        A row without words becomes zeros, or with `last` the initial state h_0.
        """
        self._shape, ones = h.shape, np.ones(h.shape[:2], h.dtype)
        self._mask = ones if mask is None else mask
        if self._way == "last":  # padding has copied the state of the last word
            return h[-1]
        if self._way == "mean":
            self._counts = np.maximum(self._mask.sum(axis=0), 1)[:, None]
            return (h * self._mask[:, :, None]).sum(axis=0) / self._counts
        held = np.where(self._mask[:, :, None] > 0, h, -np.inf)
        self._places = held.argmax(axis=0)
        self._any = (self._mask.sum(axis=0) > 0)[:, None]
        return np.where(self._any, held.max(axis=0), 0)

    def backward(self, d_y: np.ndarray) -> np.ndarray:
        """d_y, (B, U), to d_h, (T, B, U)."""
        d_h = np.zeros(self._shape, d_y.dtype)
        if self._way == "last":
            d_h[-1] = d_y
        elif self._way == "mean":
            d_h += self._mask[:, :, None] * (d_y / self._counts)
        else:
            np.put_along_axis(d_h, self._places[None], (d_y * self._any)[None], axis=0)
        return d_h
