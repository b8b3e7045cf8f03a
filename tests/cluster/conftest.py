"""Broken connections of Dask, whose sockets the garbage collector closes, with warnings."""

import gc
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Ignore these warnings in the tests of this folder: one may come in any test, or in none."""
    ignored = "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.filterwarnings(*ignored))


@pytest.fixture(autouse=True, scope="module")
def _collected():
    """Collect broken connections while their warnings are still ignored, and not in later tests."""
    yield
    gc.collect()
