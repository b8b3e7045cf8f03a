"""w2v: word embeddings from the command line, and from Python.

    import w2v

    vectors = w2v.train("corpus.txt", model="skipgram", dim=100, output="vectors.safetensors")
    vectors = w2v.load("vectors.safetensors")
    vectors.similar("king", k=10)

The data flow:

    text -> word ids -> training + kernels -> matrices -> embeddings -> query, evaluation, plots

`text` splits files into tokens, counts them and converts them to word ids. Each file of `models`
describes one model. `training` runs the `kernels` of a model chunk by chunk. The result is a table
of names and vectors; `embeddings` stores it in one file and searches it. `runs` connects these
steps for `w2v train`. `api` is the Python interface. Its names are in this module and are imported
when they are first used, so that `import w2v` loads neither NumPy nor Numba.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from w2v.aligning import align
    from w2v.alignment.drift import DriftedWord
    from w2v.api import load, train
    from w2v.combining import combine
    from w2v.drifting import drift
    from w2v.embeddings.query import Neighbour
    from w2v.errors import DivergedError, NotFoundError, W2VError
    from w2v.fitting import fit_subwords
    from w2v.labelling import Classifier, Explanation
    from w2v.system.progress import Progress
    from w2v.text_classification.explanation import Contribution
    from w2v.vectors import Topic, Vectors

__version__ = "0.1.0"

__all__ = [
    "Classifier",
    "Contribution",
    "DivergedError",
    "DriftedWord",
    "Explanation",
    "Neighbour",
    "NotFoundError",
    "Progress",
    "Topic",
    "Vectors",
    "W2VError",
    "__version__",
    "align",
    "combine",
    "drift",
    "fit_subwords",
    "load",
    "train",
]

_MODULES = {
    "Classifier": "labelling",
    "Contribution": "text_classification.explanation",
    "DivergedError": "errors",
    "DriftedWord": "alignment.drift",
    "Explanation": "labelling",
    "Neighbour": "embeddings.query",
    "NotFoundError": "errors",
    "Progress": "system.progress",
    "Topic": "vectors",
    "Vectors": "vectors",
    "W2VError": "errors",
    "align": "aligning",
    "combine": "combining",
    "drift": "drifting",
    "fit_subwords": "fitting",
    "load": "api",
    "train": "api",
}


def __getattr__(name: str) -> object:
    """The value of a public name, from its module, which is imported now."""
    if name not in _MODULES:
        raise AttributeError(f"module 'w2v' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"w2v.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    """The public names."""
    return __all__
