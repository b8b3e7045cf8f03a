"""The pooling layer, which makes one vector of the states of a text."""

from __future__ import annotations

import numpy as np


class Pooling:
    """Make one vector for each text of its states: (B, U) from (T, B, U).

    T is the number of time steps, B of texts in the minibatch, and U of units.

    way  last: the last state; mean or max: the mean or maximum of the states, without padding
    """

    def __init__(self, way: str):
        self._way = way

    def forward(self, h: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Pool h, (T, B, U).

        A text without words gets zeros, or with `last` the initial state h_0.

        mask  (T, B), 1 for a word and 0 for padding; None: no padding
        """
        self._shape, ones = h.shape, np.ones(h.shape[:2], h.dtype)
        self._mask = ones if mask is None else mask
        if self._way == "last":  # the layer has copied the state of the last word to padding
            return h[-1]
        if self._way == "mean":
            self._counts = np.maximum(self._mask.sum(axis=0), 1)[:, None]
            return (h * self._mask[:, :, None]).sum(axis=0) / self._counts
        states = np.where(self._mask[:, :, None] > 0, h, -np.inf)
        self._steps_of_maximum = states.argmax(axis=0)
        self._has_words = (self._mask.sum(axis=0) > 0)[:, None]
        return np.where(self._has_words, states.max(axis=0), 0)

    def backward(self, d_y: np.ndarray) -> np.ndarray:
        """Compute d_h, (T, B, U), from d_y, (B, U)."""
        d_h = np.zeros(self._shape, d_y.dtype)
        if self._way == "last":
            d_h[-1] = d_y
        elif self._way == "mean":
            d_h += self._mask[:, :, None] * (d_y / self._counts)
        else:
            d_states = d_y * self._has_words
            np.put_along_axis(d_h, self._steps_of_maximum[None], d_states[None], axis=0)
        return d_h
