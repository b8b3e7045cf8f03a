"""The functions that units apply to their sums."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# name: (f, its slope as a function of y = f(a))
_FUNCTIONS: dict[str, tuple[Callable, Callable]] = {
    "linear": (lambda a: a, np.ones_like),
    "tanh": (np.tanh, lambda y: 1 - y * y),
    "relu": (lambda a: np.maximum(a, 0), lambda y: (y > 0).astype(y.dtype)),
}
ACTIVATIONS = tuple(_FUNCTIONS)


class Activation:
    """A function of each number, by name: `linear`, `tanh` or `relu`."""

    def __init__(self, name: str):
        self._function, self._slope = _FUNCTIONS[name]

    def __call__(self, a: np.ndarray) -> np.ndarray:
        """y = f(a)."""
        return self._function(a)

    def slope(self, y: np.ndarray) -> np.ndarray:
        """f'(a), from y = f(a)."""
        return self._slope(y)
