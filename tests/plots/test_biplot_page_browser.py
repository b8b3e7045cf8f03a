"""The page of LSA in headless Chromium: map, axes, cosines, search, keyboard, narrow, dark."""

import os
from pathlib import Path

import numpy as np
import pytest
from test_explorer import Page, browser, pytestmark  # noqa: F401  # the same browser
from topic_models import planted_lsa, write_lsa

from w2v.embeddings import container

TOPICS = 6


class BiplotPage(Page):
    """A page of LSA that is open."""

    def head(self):
        return self.one("#panel h1").text

    def texts(self, selector):
        return self.run(
            f"return [...document.querySelectorAll({selector!r})].map(each => each.innerText)"
        )

    def click_at(self, at):
        """Click a point of the map."""
        from selenium.webdriver import ActionChains

        x, y = self.run(
            f"const box = element('map').getBoundingClientRect(), [x, y] = plane.pixel({at});"
            "return [x + box.left, y + box.top]"
        )
        ActionChains(self.browser).move_by_offset(round(x), round(y)).click().perform()
        ActionChains(self.browser).move_by_offset(-round(x), -round(y)).perform()

    def choose_axis(self, n, topic):
        from selenium.webdriver.support.select import Select

        field = self.browser.find_elements("css selector", "#axes select")[n]
        Select(field).select_by_value(str(topic))


@pytest.fixture
def page(browser, w2v, folder):  # noqa: F811
    words, documents, _ = planted_lsa("lsa.safetensors", topics=TOPICS)
    with open("corpus.tsv", "w") as file:
        file.write("id\tkind\ttext\n")
        for name in documents[:-1]:
            file.write(f"{name}\t{name[:2]}\t<b>{name}</b> begins\n")
    (folder / "given.tsv").write_text("2\tThe <i>second</i>\n")
    call = ("topics", "lsa.safetensors", "corpus.tsv", "--names", "given.tsv")
    assert w2v(*call, "-o", "lsa.html").code == 0
    assert w2v(*call, "-o", "kinds.html", "--by", "kind").code == 0
    browser.get_log("browser")
    yield BiplotPage(browser, folder / "lsa.html")
    said = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert not said


def test_it_opens_from_disk_and_asks_for_nothing_else(page):
    page.open()
    assert page.head() == "Topics of lsa.safetensors"
    assert page.run("return performance.getEntriesByType('resource').length") == 0
    listed = page.texts(".topics button")
    assert [row.split()[0] for row in listed] == [f"{k}:" for k in range(TOPICS)]
    assert "2: The <i>second</i>" in listed
    assert listed[1].startswith("1: + g") or listed[1].startswith("1: − g")
    assert page.run("return axes") == [0, 1]
    if folder := os.environ.get("W2V_SCREENSHOTS"):
        Path(folder).mkdir(exist_ok=True)
        page.open(topic=1)
        page.browser.save_screenshot(str(Path(folder) / "lsa.png"))


def test_the_plane_keeps_the_products_of_two_topics(page):
    page.open(x=3, y=1)
    assert page.run("return axes") == [3, 1]
    x, y = (np.array(page.run(f"return [...places[{n}]]")) for n in (0, 1))
    assert (x[-1], y[-1]) == (0, 0)
    count = page.run("return wordPoints")
    names = page.run("return items.slice(0, points)")
    tensors, _ = container.read(page.path.with_name("lsa.safetensors"))
    vectors = []
    for table, part in (("words", slice(count)), ("documents", slice(count, None))):
        known = container.read_names(tensors, table)
        rows = [known.index(name) for name in names[part]]
        vectors.append(tensors[f"{table}.matrix"][rows][:, [3, 1]])
    values = tensors["singular_values"][[3, 1]]
    wanted = (vectors[0] / values) @ vectors[1].T  # V Σ^½ (U Σ^½)ᵀ
    found = np.outer(x[:count], x[count:-1]) + np.outer(y[:count], y[count:-1])
    np.testing.assert_allclose(found, wanted, atol=1e-3)
    far = np.hypot(x, y)
    assert far[:count].max() == pytest.approx(far[count:].max())


def test_a_click_lists_the_nearest_by_cosine(page, w2v):
    page.open()
    at = page.run("return items.indexOf('g1w3')")
    assert page.run(f"return pointAt(...plane.pixel({at})) >= 0")
    page.run(f"choose({at})")
    assert page.head() == "g1w3"
    found = dict(
        zip(page.texts("#near-words button"), page.texts("#near-words small"), strict=True)
    )
    rows = w2v("similar", "g1w3", "-v", "lsa.safetensors", "-k", 15, "--tsv").out.splitlines()
    wanted = [row.split("\t")[2:4] for row in rows]
    assert [*found] == [name for name, _ in wanted]
    cosines = [float(cosine.replace("−", "-")) for cosine in found.values()]
    assert cosines == pytest.approx([float(cosine) for _, cosine in wanted], abs=2e-3)
    # A word and a document are compared in V Σ^½ and U Σ^½.
    tensors, _ = container.read("lsa.safetensors")
    half = np.sqrt(tensors["singular_values"])
    names = {table: container.read_names(tensors, table) for table in ("words", "documents")}
    word = tensors["words.matrix"][names["words"].index("g1w3")] / half
    rows = tensors["documents.matrix"][:-1] / half
    cosines = rows @ word / np.linalg.norm(rows, axis=1) / np.linalg.norm(word)
    order = np.argsort(-cosines)[:10]
    assert page.texts("#near-documents button") == [names["documents"][row] for row in order]
    shown = [float(each.replace("−", "-")) for each in page.texts("#near-documents small")]
    assert shown == pytest.approx(cosines[order], abs=2e-3)
    assert "word=g1w3" in page.run("return location.hash")
    page.browser.find_elements("css selector", "#near-documents button")[0].click()
    document = page.head()
    assert document.startswith("d1-")
    assert page.one("#chosen .beginning").text == f"<b>{document}</b> begins"
    assert f"document={document}" in page.run("return location.hash")
    page.one("#look").click()
    assert page.run("return axes") == page.run("return topicsOf(item).slice(0, 2).map(e => e[0])")
    assert page.head() == document


def test_a_click_on_the_map_selects_what_is_there(page):
    page.open()
    at = page.run(
        "return prominent.flat().find(at => pointAt(...plane.pixel(at)) === at"
        " && plane.pixel(at)[1] > 60)"
    )
    page.click_at(at)
    assert page.head() == page.run(f"return items[{at}]")
    page.one("#kinds button:last-child").click()  # hides the documents
    page.one("#all").click()
    assert page.run(
        "return prominent[1].every(at => isDocument(at) && pointAt(...plane.pixel(at)) !== at)"
    )


def test_a_topic_shows_its_two_ends(page):
    page.open(topic=2)
    assert page.head() == "Topic 2"
    assert page.one("#name").get_attribute("value") == "The <i>second</i>"
    assert page.run("return axes") == [2, 3]
    for end in ("positive", "negative"):
        numbers = [float(n.replace("−", "-")) for n in page.texts(f".{end} .words small")]
        assert 0 < len(numbers) <= 15
        assert all((number > 0) is (end == "positive") for number in numbers)
        documents = page.texts(f".{end} .documents li")
        assert documents
        assert all("</b> begins" in row for row in documents if not row.startswith("empty"))
    page.choose_axis(1, 5)
    assert page.run("return axes") == [2, 5]
    page.choose_axis(0, 5)  # the topic of the other axis: they change places
    assert page.run("return axes") == [5, 2]
    address = page.run("return location.hash")
    assert address == "#topic=2&x=5&y=2"
    page.open(topic=2, x=5, y=2)
    assert page.run("return [topic, ...axes]") == [2, 5, 2]
    page.open(topic="last", x="NaN", y=1)
    assert page.run("return [topic, ...axes]") == [-1, 0, 1]


def test_words_documents_and_topics_are_found(page):
    page.open()
    field = page.one("#search")
    field.send_keys("g2w1")
    assert page.offers()[0] == "g2w1"
    field.send_keys("\n")
    assert page.head() == "g2w1"
    field.send_keys("d3-2\n")
    assert page.head() == "d3-2"
    field.send_keys("<i>sec\n")
    assert page.head() == "Topic 2"
    field.send_keys("<script>")
    assert page.one("#found").text == "No word, document or topic on this page matches."


def test_it_is_used_by_the_keyboard_alone(page):
    from selenium.webdriver import Keys

    page.open()
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert (page.head(), page.run("return axes")) == ("Topic 1", [1, 2])
    page.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert page.head() == f"Topic {TOPICS - 1}"
    assert page.run("return axes") == [TOPICS - 1, TOPICS - 2]
    page.press(Keys.ESCAPE)
    assert page.head() == "Topics of lsa.safetensors"
    page.press("/", "often", Keys.ENTER, Keys.ESCAPE, Keys.ESCAPE)
    page.one("#map").send_keys("+")
    assert page.run("return plane.zoom") == pytest.approx(1.5)
    page.press("0")
    assert page.run("return plane.zoom") == 1
    field = page.browser.find_elements("css selector", "#axes select")[0]
    field.send_keys(Keys.ARROW_DOWN)  # chooses an axis, and selects no topic
    assert page.run("return topic") == -1


def test_names_are_given_and_shown_on_the_axes(page):
    page.open(topic=0)
    page.one("#name").send_keys("First <i>")
    assert page.run("return namesFile()") == "0\tFirst <i>\n2\tThe <i>second</i>\n"
    assert page.texts("#axes option")[0] == "0: First <i>"
    page.run("localStorage.clear()")


def test_documents_have_the_colour_of_their_value(page):
    page.path = page.path.with_name("kinds.html")
    page.open()
    assert page.texts("#groups li") == ["d0", "d1", "d2", "d3"]
    assert page.run("const fill = paints();"
                    "return prominent[1].every(at => fill(at) === data.colours[data.group"
                    "[at - wordPoints]])")  # fmt: skip
    page.run("choose(items.indexOf('d2-1'))")
    assert page.one("#chosen p").text == "A document of 50 words · kind: d2."


@pytest.mark.parametrize("shape", [(2, 5), (1, 1)])
def test_few_topics_words_and_documents(page, w2v, shape):
    names = [[f"{kind}{n}" for n in range(count)] for kind, count in zip("dw", shape, strict=True)]
    write_lsa("few.safetensors", names[1], names[0], np.ones(shape), 1)
    assert w2v("topics", "few.safetensors", "-o", "few.html").code == 0
    page.path = page.path.with_name("few.html")
    page.open(topic=0)
    assert page.head() == "Topic 0"
    assert page.run("return axes") == [0, -1]
    assert len(page.browser.find_elements("css selector", "#axes select")) == 1
    page.run("choose(0)")
    assert page.head() == "w0"
    assert page.texts("#near-documents small")[0] == "1.000"


@pytest.mark.parametrize("width", [320, 700, 1280, 2560])
def test_no_width_needs_horizontal_scrolling(page, width):
    page.browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 700, "deviceScaleFactor": 1, "mobile": width < 700},
    )
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    try:
        for state in ({}, {"topic": 2}, {"word": "common"}, {"document": "d1-1"}):
            page.open(**state)
            too_wide = page.run(
                "return [document.documentElement, element('panel'), element('chosen'),"
                " element('axes')].map(each => each.scrollWidth - each.clientWidth)"
            )
            assert too_wide == [0, 0, 0, 0]
            boxes = page.run(
                "return ['map', 'panel'].map(id => element(id).getBoundingClientRect())"
            )
            assert all(box["width"] >= 300 and box["height"] > 150 for box in boxes)
        assert (
            page.run("return getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 28)"
        )
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_no_name_covers_another(page):
    for state in ({}, {"topic": 2}, {"word": "g0w1"}):
        page.open(**state)
        boxes = page.run("return lettering.boxes.map(each => each.box)")
        assert len(boxes) >= 8
        for one in range(len(boxes)):
            for other in range(one):
                (a, b, c, d), (e, f, g, h) = boxes[one], boxes[other]
                assert c <= e or g <= a or d <= f or h <= b
