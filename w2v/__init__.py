"""w2v: word embeddings from the command line, and from Python.

    import w2v

    vectors = w2v.train("corpus.txt", model="skipgram", dim=100, output="vectors.safetensors")
    vectors = w2v.load("vectors.safetensors")
    vectors.similar("king", k=10)

The flow:

    text -> word ids -> training + kernels -> matrices -> embeddings -> query, evaluation, plots

`text` reads files as tokens, counts them and turns them into word ids. A file of `models` says what
is learnt from them. `training` runs its `kernels` chunk by chunk. What comes out is a table of
names and vectors in `embeddings`, which keeps it in one file and answers questions. `runs` ties
these together for `w2v train`. `api` is what Python programs call; its names are here, and are
loaded when they are used: `import w2v` loads neither NumPy nor Numba.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from w2v.api import load, train
    from w2v.embeddings.query import Neighbour
    from w2v.errors import DivergedError, NotFoundError, W2VError
    from w2v.system.progress import Progress
    from w2v.vectors import Topic, Vectors

__version__ = "0.1.0"

__all__ = [
    "DivergedError",
    "Neighbour",
    "NotFoundError",
    "Progress",
    "Topic",
    "Vectors",
    "W2VError",
    "__version__",
    "load",
    "train",
]

_MODULES = {
    "DivergedError": "errors",
    "Neighbour": "embeddings.query",
    "NotFoundError": "errors",
    "Progress": "system.progress",
    "Topic": "vectors",
    "Vectors": "vectors",
    "W2VError": "errors",
    "load": "api",
    "train": "api",
}


def __getattr__(name: str) -> object:
    """A public name, whose module is imported now."""
    if name not in _MODULES:
        raise AttributeError(f"module 'w2v' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"w2v.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    """The public names."""
    return __all__
