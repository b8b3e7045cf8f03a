"""Optional packages that are missing, or that refuse the installed NumPy: one line with advice."""

from importlib import import_module

import pytest

from w2v.system import optional_packages
from w2v.text import tokenizers

PLOT = ["plot", "king", "queen", "man", "woman"]
CALLS = {
    "pyarrow": (["info", "x.parquet"], "arrow"),
    "matplotlib": ([*PLOT, "-o", "x.png"], "plot"),
    "openTSNE": ([*PLOT, "--method", "tsne", "-o", "x.tsv"], "tsne"),
    "umap": ([*PLOT, "--method", "umap", "-o", "x.tsv"], "umap"),
    "jieba": (["vocab", "text", "--tokenizer", "jieba"], "zh"),
    "fsspec": (["vocab", "s3://bucket/text"], "cloud"),
}


@pytest.fixture
def failing(monkeypatch):
    """Let the import of a package fail: failing(package, error)."""

    def fail(package, error):
        def load(name):
            if name.partition(".")[0] == package:
                raise error
            return import_module(name)

        monkeypatch.setattr(optional_packages, "import_module", load)
        tokenizers._segmenter.cache_clear()

    return fail


@pytest.mark.parametrize("package", CALLS)
@pytest.mark.parametrize("is_missing", [True, False])
def test_a_package_that_cannot_be_imported_is_one_line(
    w2v, toy, folder, failing, package, is_missing
):
    (folder / "text").write_text("the king\n")
    (folder / "x.parquet").write_bytes(b"PAR1" + bytes(40) + b"PAR1")
    args, extra = CALLS[package]
    if is_missing:
        failing(package, ModuleNotFoundError(f"No module named {package!r}", name=package))
        said = f"the package {package}: pip install 'w2v[{extra}]'\n"
    else:
        failing(package, ImportError(f"{package} requires NumPy 2.0\nor newer, found 1.26.0"))
        said = (
            f"the package {package}, which cannot be imported ({package} requires NumPy 2.0 or "
            f"newer, found 1.26.0): pip install --upgrade numpy scipy numba 'w2v[{extra}]'\n"
        )
    outcome = w2v(*args)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.endswith(said)
    assert outcome.err.count("\n") == 1


def test_a_package_that_another_one_lacks_is_named():
    error = ModuleNotFoundError("No module named 'dask.utils'", name="dask.utils")
    message = str(optional_packages.failure(error, "distributed", "cluster", "--cluster needs"))
    assert message == "--cluster needs the package dask: pip install 'w2v[cluster]'"
