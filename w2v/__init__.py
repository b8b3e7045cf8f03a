"""w2v: word embeddings from the command line, and from Python.

    import w2v

    vectors = w2v.train("corpus.txt", model="skipgram", dim=100, output="vectors.safetensors")
    vectors = w2v.load("vectors.safetensors")
    vectors.similar("king", k=10)

The flow:

    corpus -> vocabulary -> training (kernels) -> table -> store / formats -> query / evaluate

`corpus` reads texts as tokens; `vocabulary` counts them and turns them into word ids; a file of
`models` says what is learnt from them, and `training` runs its kernels chunk by chunk; what comes
out is a `table` of names and vectors, which `store` keeps in one file and `query` and `evaluate`
ask. `job` ties these together for `w2v train`, and `library` is what Python programs call, whose
names are here, loaded when they are used: `import w2v` costs neither NumPy nor Numba.
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
