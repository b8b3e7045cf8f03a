"""The page of topics in headless Chromium: slider, click, search, keyboard, names, narrow, dark."""

import json
import os
from pathlib import Path

import pytest
from test_explorer import Page, browser, pytestmark  # noqa: F401  # the same browser
from topic_models import planted_lda

YEARS = 12
MONTHS = ("2020-11", "2020-12", "2021-01", "2021-03", "2021-05", "2021-06")


class TopicsPage(Page):
    """A page of topics that is open."""

    def words(self):
        """The words that are listed for the topic, in their order."""
        return self.run(
            "return [...document.querySelectorAll('#words button')].map(b => b.innerText)"
        )

    def head(self):
        return self.one("#panel h1").text

    def click_at(self, topic):
        """Click the middle of a circle."""
        from selenium.webdriver import ActionChains

        x, y = self.run(
            f"const box = element('map').getBoundingClientRect(), [x, y] = circles[{topic}];"
            "return [x + box.left, y + box.top]"
        )
        ActionChains(self.browser).move_by_offset(round(x), round(y)).click().perform()
        ActionChains(self.browser).move_by_offset(-round(x), -round(y)).perform()


@pytest.fixture
def page(browser, w2v, folder):  # noqa: F811
    _, documents = planted_lda("lda.safetensors", topics=6, words_each=40, documents_each=10)
    with open("corpus.jsonl", "w") as file:
        for number, name in enumerate(documents):
            row = {"id": name, "text": f"<b>{name}</b> begins", "year": 1990 + number % YEARS,
                   "kind": "abc"[number % 3],
                   "date": f"{MONTHS[number % len(MONTHS)]}-03"}  # fmt: skip
            file.write(json.dumps(row) + "\n")
    (folder / "given.tsv").write_text("2\tThe second\n")
    call = ("topics", "lda.safetensors", "corpus.jsonl", "--names", "given.tsv")
    assert w2v(*call, "-o", "topics.html", "--by", "year").code == 0
    assert w2v(*call, "-o", "kinds.html", "--by", "kind").code == 0
    assert w2v(*call, "-o", "months.html", "--by", "date", "--period", "month").code == 0
    browser.get_log("browser")
    yield TopicsPage(browser, folder / "topics.html")
    said = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert not said


def test_it_opens_from_disk_and_asks_for_nothing_else(page):
    page.open()
    assert page.head() == "Topics of lda.safetensors"
    assert page.run("return performance.getEntriesByType('resource').length") == 0
    listed = page.run(
        "return [...document.querySelectorAll('.topics button')].map(b => b.innerText)"
    )
    assert len(listed) == 6
    assert [row.split()[0] for row in listed] == [f"{k}:" for k in page.run("return data.order")]
    assert "2: The second" in listed
    assert len(page.browser.find_elements("css selector", "#curves polyline")) == 5
    if folder := os.environ.get("W2V_SCREENSHOTS"):
        Path(folder).mkdir(exist_ok=True)
        page.open(topic=1)
        page.browser.save_screenshot(str(Path(folder) / "topics.png"))


def test_the_slider_changes_the_order_of_the_words(page):
    from selenium.webdriver import Keys

    page.open(topic=5)
    assert page.head() == "Topic 5"
    page.one("#lambda").send_keys(Keys.END)
    most_frequent = page.words()
    assert len(most_frequent) == 30
    assert "common" in most_frequent
    assert page.run("return document.activeElement.id") == "lambda"  # it keeps the focus
    page.one("#lambda").send_keys(Keys.HOME)
    rarest = page.words()
    assert "common" not in rarest
    for value, words in ((1, most_frequent), (0, rarest)):
        relevance = page.run(
            "const {words, logP, logLift} = data.topics[5];"
            f"return words.map((word, at) => [data.words[word], {value} * logP[at]"
            f" + (1 - {value}) * logLift[at]])"
        )
        score = dict(relevance)
        assert [score[word] for word in words] == sorted(score.values(), reverse=True)[:30]
    assert "lambda=0" in page.run("return location.hash")


def test_a_click_selects_a_topic_and_a_word_shows_its_topics(page):
    page.open()
    # A click on circles that overlap selects the smallest one.
    topic = page.run("return topics.find(k => topicAt(...circles[k]) === k)")
    page.click_at(topic)
    assert page.head() == f"Topic {topic}"
    assert page.words()[0].startswith(f"t{topic}w")
    rows = page.browser.find_elements("css selector", "#documents li")
    assert rows[0].text.split("\n")[0] == f"d{topic}-9"
    assert f"<b>d{topic}-9</b> begins" in rows[0].text
    before = page.run("return circles.map(each => each[2])")
    own = page.words()[0]
    page.browser.find_elements("css selector", "#words button")[0].click()
    assert page.head() == own
    page.one("#search").send_keys("common\n")
    assert page.head() == "common"
    shares = page.run(
        "return [...document.querySelectorAll('#of-word small')]"
        ".map(each => parseFloat(each.innerText))"
    )
    assert sum(shares) == pytest.approx(100, abs=1)
    assert shares == sorted(shares, reverse=True)
    after = page.run("return circles.map(each => each[2])")
    assert after != before
    largest = page.run("return topicsOf(word)[0][0]")
    assert after.index(max(after)) == largest
    page.browser.find_elements("css selector", "#of-word button")[0].click()
    assert page.head() == f"Topic {largest}"


def test_words_and_topics_are_found(page):
    page.open()
    field = page.one("#search")
    field.send_keys("t4w1")
    assert page.offers()[0] == "t4w1"
    field.send_keys("\n")
    assert page.head() == "t4w1"
    assert page.run("return topicsOf(word)[0][0]") == 4
    field.send_keys("the sec")
    assert page.offers() == ["Topic 2: The second"]
    field.send_keys("\n")
    assert page.head() == "Topic 2"
    page.run("names[3] = 't4w1'")  # a topic may have the name of a word
    field.send_keys("t4w1")
    assert page.offers()[:2] == ["Topic 3: t4w1", "t4w1"]
    field.clear()
    field.send_keys("<script>")
    assert page.one("#found").text == "No word or topic matches."


def test_it_is_used_by_the_keyboard_alone(page):
    from selenium.webdriver import Keys

    page.open()
    order = page.run("return data.order")
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert page.head() == f"Topic {order[1]}"
    page.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert page.head() == f"Topic {order[-1]}"
    page.press(Keys.ESCAPE)
    assert page.head() == "Topics of lda.safetensors"
    page.press("/", "often", Keys.ENTER, Keys.ESCAPE, Keys.ESCAPE)
    page.one("#map").send_keys("+")
    assert page.run("return plane.zoom") == pytest.approx(1.5)
    page.press("0")
    assert page.run("return plane.zoom") == 1


def test_names_are_given_and_saved(page):
    page.open(topic=0)
    field = page.one("#name")
    field.send_keys("First <i>\t name")  # a tab leaves the field: the rest goes elsewhere
    assert page.run("return namesFile()") == "0\tFirst <i>\n2\tThe second\n"
    assert not page.run("return element('download').disabled")
    saved = page.run(
        "let blob; URL.createObjectURL = given => { blob = given; return 'data:,'; };"
        "HTMLAnchorElement.prototype.click = () => {}; element('download').click();"
        "return blob.text()"
    )
    assert saved == "0\tFirst <i>\n2\tThe second\n"
    page.open(topic=0)  # the browser keeps them
    assert page.one("#name").get_attribute("value") == "First <i>"
    page.run("localStorage.clear()")


def test_shares_are_drawn_as_curves_or_bars(page):
    page.open(topic=5)
    assert len(page.browser.find_elements("css selector", "#curves polyline")) == 3
    points = page.run(
        "return document.querySelector('#curves polyline:last-of-type').points.length"
    )
    assert points == YEARS
    assert page.one("#more h2").text == "Share of topic 5 by year"
    page.path = page.path.with_name("kinds.html")
    page.open()
    assert "and its shares by kind. Find a word" in page.one("#panel").text
    page.open(topic=5)
    rows = [each.text for each in page.browser.find_elements("css selector", "#shares li")]
    assert sorted(row.split("\n")[0] for row in rows) == ["a", "b", "c"]


def test_a_curve_has_gaps_for_periods_without_documents(page):
    page.path = page.path.with_name("months.html")
    page.open(topic=5)
    lengths = page.run(
        "return [...document.querySelectorAll('#curves polyline')].map(each => each.points.length)"
    )
    assert lengths == [3, 2, 2] * 3  # November to January; March, a dot; May and June
    dot = page.run("return document.querySelectorAll('#curves polyline')[1].getAttribute('points')")
    assert len({*dot.split(" ")}) == 1
    if folder := os.environ.get("W2V_SCREENSHOTS"):
        page.browser.save_screenshot(str(Path(folder) / "topic_months.png"))


@pytest.mark.parametrize("width", [320, 700, 1280, 2560])
def test_no_width_needs_horizontal_scrolling(page, width):
    page.browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 700, "deviceScaleFactor": 1, "mobile": width < 700},
    )
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    try:
        for state in ({}, {"topic": 2}, {"word": "common"}):
            page.open(**state)
            too_wide = page.run(
                "return [document.documentElement, element('panel'), element('chosen')]"
                ".map(each => each.scrollWidth - each.clientWidth)"
            )
            assert too_wide == [0, 0, 0]
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
    page.open(topic=2)
    boxes = page.run("return lettering.boxes.map(each => each.box)")
    assert len(boxes) >= 4
    for one in range(len(boxes)):
        for other in range(one):
            (a, b, c, d), (e, f, g, h) = boxes[one], boxes[other]
            assert c <= e or g <= a or d <= f or h <= b
