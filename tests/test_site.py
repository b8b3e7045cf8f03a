"""The pages of the site, without building it: `make site` does that, and is strict."""

import inspect
import re
import sys

import pytest
import readme

sys.path.append(str(readme.ROOT / ".site"))
import plain_docstrings
import site_pages

import w2v

PAGES = [site_pages.HOME, "CHANGELOG.md", *site_pages.manual()]


def test_each_page_is_once_in_the_navigation():
    groups = site_pages.navigation()
    pages = [page for each in groups.values() for page in each]
    assert len(pages) == len(set(pages))
    expected = {site_pages.address(page) for page in site_pages.manual()}
    assert set(pages) >= expected | {"changelog.md"}
    assert {page.name for page in site_pages.OWN.glob("*.md")} <= set(pages)


@pytest.mark.parametrize("count", [0, 2])
def test_a_page_that_is_not_listed_once_is_named(monkeypatch, tmp_path, count):
    manual = tmp_path / "w2v" / "manual" / "recipes"
    manual.mkdir(parents=True)
    (manual / "csv.md").write_text("# A table of reviews\n")
    link = "[a table](w2v/manual/recipes/csv.md), "
    (tmp_path / "README.md").write_text(f"## Read on\n\n- Learn: {link * count}\n\n## Speed\n")
    monkeypatch.setattr(site_pages, "ROOT", tmp_path)
    with pytest.raises(
        site_pages.MissingPageError, match=rf"recipes/csv\.md is {count} times in the list"
    ):
        site_pages.navigation()


@pytest.mark.parametrize("page", PAGES)
def test_links_and_anchors_lead_somewhere(page):
    assert not site_pages.broken(page, (site_pages.ROOT / page).read_text())


def test_a_broken_link_is_found():
    page = "[a](tour.md) [b](tour.md#no-heading) ![c](../no.png) `[d](example.md)`\n"
    page += "```\n[e](code.md)\n```\n[f](#here)\n# Here\n"
    assert site_pages.broken("w2v/manual/x.md", page) == ["tour.md#no-heading", "../no.png"]


def test_links_lead_to_pages_of_the_site():
    def links(file, text, repository=""):
        return site_pages.for_site(file, text, repository).rstrip("\n")

    manual = "w2v/manual/speed.md"
    assert links("README.md", "[a](w2v/manual/tour.md#b)") == "[a](tour.md#b)"
    assert links(manual, "[a](../../README.md)") == "[a](index.md)"
    assert links(manual, "[a](../../CHANGELOG.md)") == "[a](changelog.md)"
    assert links(manual, "![a](../../.github/map.png)") == "![a](pictures/map.png)"
    assert links(manual, "[a](https://b.org/c.md) [d](#e)") == "[a](https://b.org/c.md) [d](#e)"
    assert links(manual, "[run.py](../runs/run.py)") == "`run.py`"
    assert links(manual, "[`run.py`](../runs/run.py)") == "`run.py`"
    assert links("README.md", "the [MIT licence](LICENSE)") == "the MIT licence"
    address = "https://example.org/w2v"
    assert (
        links(manual, "[r](../runs/run.py)", address) == f"[r]({address}/blob/main/w2v/runs/run.py)"
    )
    assert links(manual, "[r](../runs)", address) == f"[r]({address}/tree/main/w2v/runs)"
    with pytest.raises(site_pages.MissingPageError, match=r"speed\.md: \.\./no\.py"):
        links(manual, "[r](../no.py)")


def test_lists_are_indented_as_python_markdown_reads_them():
    page = "- a\n  b\n\n  ```text\n  - c\n    d\n  ```\n\n  - e\n    f\n1. g\n   h\n\ni\n\n    j\n"
    expected = (
        "- a\n    b\n\n    ```text\n    - c\n      d\n    ```\n\n    - e\n        f\n1. g\n    h\n"
        "\ni\n\n    j\n"
    )
    assert site_pages.indented(page, lambda line: line) == expected
    assert site_pages.indented("<!-- x -->\n| a |", str.upper) == "\n| A |\n"
    assert site_pages.indented("```\n<!-- x -->\n```", str.upper) == "```\n<!-- x -->\n```\n"


def paragraphs_with_other_lines(page):
    """The items of lists and rows of tables that are the next line of a paragraph.

    Python-Markdown makes them a part of the paragraph.
    """
    is_code, begins, found, kind = False, True, [], ""
    for line in page.splitlines():
        stripped = line.strip()
        if stripped.startswith("```"):
            is_code, begins = not is_code, True
        elif stripped.startswith("<!--"):
            begins = True
        elif not is_code and stripped:
            item = re.match(r"(?:[-*]|\d+\.) ", stripped)
            row = stripped.startswith("|")
            if begins or (row and kind == "item"):
                kind = "item" if item else "table" if row else "paragraph"
            elif kind == "paragraph" and (item or row):
                found.append(line)
            begins = False
        else:
            begins = begins or not is_code
    return found


def test_lists_and_tables_do_not_continue_a_paragraph():
    page = "- a\n  b\n- c\n\n  d\n  e\n- f\n\ng\n| h |\n\n```\ni\n- j\n```\n| k |\n- l\n"
    assert paragraphs_with_other_lines(page) == ["- f", "| h |"]
    for path in PAGES:
        assert paragraphs_with_other_lines((readme.ROOT / path).read_text()) == [], path


def test_every_public_name_is_on_a_page_of_the_site():
    text = "\n".join(page.read_text() for page in site_pages.OWN.glob("*.md"))
    named = [line.split()[1] for line in text.splitlines() if line.startswith("::: ")]
    public = [f"w2v.{name}" for name in w2v.__all__ if not name.startswith("_")]
    assert sorted(named) == sorted(public)


def test_a_docstring_becomes_markdown():
    text = """\
Train a `Model`; see `w2v.load`.

words, k  the words,
          and `k`
Raises    W2VError if not

    a = 1

    b = 2

The end of NotFoundError."""
    assert plain_docstrings.markdown(text, ["load", "W2VError", "__version__"]) == (
        "Train a `Model`; see [`load`][w2v.load].\n\n"
        "`words`, `k`\n:   the words,\n    and `k`\n\n"
        "**Raises**\n:   [`W2VError`][w2v.W2VError] if not\n\n"
        "```python\na = 1\n\nb = 2\n```\n\n"
        "The end of [`NotFoundError`][w2v.NotFoundError]."
    )


def test_the_lists_of_public_docstrings_are_understood():
    """No line of a docstring is left with the blanks of a column."""
    for name in w2v.__all__:
        thing = getattr(w2v, name)
        members = vars(thing).values() if isinstance(thing, type) else ()
        for each in (thing, *members):
            if inspect.isfunction(each) or inspect.isclass(each):
                text = plain_docstrings.markdown(inspect.getdoc(each) or "", list(w2v.__all__))
                assert not re.search(r"^\w.*\w  +\w", text, re.MULTILINE), f"{name}: {text}"
