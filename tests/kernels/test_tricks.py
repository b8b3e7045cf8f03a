"""tests/bench/tricks.py, which edits the source of kernels, finds the text that it replaces."""

import ast
from pathlib import Path

import pytest


@pytest.fixture
def tricks(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "bench"))
    import tricks

    return tricks


def names(code):
    """The names that a source defines, imports or reads."""
    tree = ast.walk(ast.parse(code))
    return {getattr(node, "id", getattr(node, "arg", getattr(node, "name", None))) for node in tree}


def test_every_trick_is_in_the_source_of_its_kernel_and_can_be_taken_out(tricks):
    for trick in tricks.TRICKS:
        path, source = tricks.source_without(trick)
        before = (tricks.ROOT / path).read_text()
        assert ast.dump(ast.parse(source)) != ast.dump(ast.parse(before)), trick
        assert names(source) <= names(before) | {"power"}, f"{trick}: a name that is not there"
