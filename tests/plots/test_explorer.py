"""The explorer page in headless Chromium: search, click, highlight, address, zoom."""

import os
import shutil
import time
import urllib.parse
from pathlib import Path

import numpy as np
import pytest

from w2v.embeddings import formats
from w2v.embeddings.table import Table

webdriver = pytest.importorskip("selenium.webdriver")
CHROMIUM, DRIVER = (
    next((found for name in names if (found := shutil.which(name))), None)
    for names in (("chromium", "chromium-browser", "google-chrome"), ("chromedriver",))
)
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no Chromium with ChromeDriver here: .ci/run installs them"
)
ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 20  # seconds
WORDS = 400


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    profile = tmp_path_factory.mktemp("profile")
    for argument in [*ARGUMENTS, f"--user-data-dir={profile}", "--window-size=1200,800"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


class Page:
    """An explorer page that is open."""

    def __init__(self, browser, path):
        self.browser, self.path = browser, path

    def open(self, **state):
        address = urllib.parse.urlencode(state, doseq=True)
        return self.go(f"{self.path.as_uri()}{'#' * bool(address)}{address}")

    def go(self, address):
        """Open an address: ChromeDriver has been seen to say too early that it is there."""
        self.browser.get("about:blank")
        self.browser.get(address)
        self.until("location.protocol === 'file:' && document.querySelector('#panel h1') !== null")
        return self

    def run(self, script):
        return self.browser.execute_script(script)

    def one(self, selector):
        return self.browser.find_element("css selector", selector)

    def until(self, script):
        """Wait until an expression is true, and return it."""
        end = time.monotonic() + PATIENCE
        while not (found := self.run(f"return {script}")):
            assert time.monotonic() < end, script
        return found

    def listed(self):
        """The neighbours that the panel lists."""
        rows = self.browser.find_elements("css selector", "#panel ol li")
        return [row.text.split() for row in rows]

    def offers(self):
        """The names that the search suggests."""
        return self.run(
            "return [...document.querySelectorAll('#found span')].map(o => o.innerText)"
        )

    def press(self, *keys):
        from selenium.webdriver import ActionChains

        ActionChains(self.browser).send_keys(*keys).perform()

    def marked(self):
        return self.run("return [...marked].map(at => data.names[at])")


@pytest.fixture
def page(browser, w2v, folder):
    rng = np.random.default_rng(0)
    names = [f"word{n}" for n in range(WORDS)] + ["café", "<b>odd</b>", "+ &#%"]
    matrix = rng.standard_normal((len(names), 8)).astype(np.float32)
    table = Table.build(names, matrix, np.arange(len(names), 0, -1) * 3)
    formats.save("vectors.safetensors", table)
    assert w2v("plot", "--top", WORDS + 3, "-o", "map.html").code == 0
    browser.get_log("browser")
    yield Page(browser, folder / "map.html")
    said = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert not said


def printed_neighbours(w2v, name):
    lines = w2v("similar", name, "--verbatim").out.splitlines()
    return [[word, score] for score, word in (line.split(maxsplit=1) for line in lines)]


def test_it_opens_from_disk_and_asks_for_nothing_else(page):
    page.open()
    assert page.one("#panel h1").text == "vectors.safetensors"
    assert page.run("return performance.getEntriesByType('resource').length") == 0
    assert page.run("return chart.getWidth() > 500 && chart.getHeight() > 500")
    if folder := os.environ.get("W2V_SCREENSHOTS"):
        Path(folder).mkdir(exist_ok=True)
        page.open(word="word3", mark=["word5", "word8"])
        page.browser.save_screenshot(str(Path(folder) / "explorer.png"))


def test_search_finds_a_word_and_lists_what_similar_prints(page, w2v):
    page.open()
    field = page.one("#search")
    field.send_keys("word12")
    offers = page.offers()
    assert offers[0] == "word12"
    assert set(offers) == {"word12", *(f"word12{n}" for n in range(10))}
    field.send_keys("\n")
    assert page.one("#panel h1").text == "word12"
    assert page.listed() == printed_neighbours(w2v, "word12")
    field.send_keys("CAF\n")  # the first that begins so, whatever its case
    assert page.one("#panel h1").text == "café"
    field.send_keys(" word12 ")
    assert page.offers()[0] == "word12"
    field.clear()
    page.run("data.names[7] = 'İstanbul'")
    field.send_keys("istan")
    assert page.offers() == ["İstanbul"]
    field.clear()


def test_it_is_used_by_the_keyboard_alone(page, w2v):
    from selenium.webdriver import ActionChains, Keys

    page.open(word="word3")
    page.press(Keys.ESCAPE)
    assert page.one("#panel h1").text == "vectors.safetensors"
    page.press("/", "word1", Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_UP)
    assert page.one("#found [aria-selected=true]").text.split() == ["word10", "1,179"]
    page.press(Keys.ENTER)
    assert page.listed() == printed_neighbours(w2v, "word10")
    page.press("<B>")
    assert page.offers() == ["<b>odd</b>"]
    ActionChains(page.browser).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(
        Keys.SHIFT
    ).perform()
    assert page.marked() == ["<b>odd</b>"]
    page.press("nobody")
    assert page.one("#found").text == "No name on this map matches."
    page.press(Keys.ESCAPE, Keys.ESCAPE, Keys.TAB)  # out of the search, to the button for nearer
    page.press("0")
    before = page.run("return view()")
    page.press("++-")
    after = page.run("return view()")
    assert after[1] - after[0] == pytest.approx((before[1] - before[0]) / 1.5, rel=0.02)
    page.one("#map").send_keys(Keys.ARROW_RIGHT)
    assert page.run("return view()")[0] > after[0]
    page.press("0")
    assert page.run("return view()") == pytest.approx(page.run("return reach().flat()"), abs=0.02)


def test_no_name_covers_another_and_what_is_near_is_named(page):
    page.open(word="word3", mark=["word5", "word8"])
    boxes = np.array(page.run("return lettering.boxes.map(each => each.box)"))
    assert len(boxes) > 50
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    meet = ((low < boxes[None, :, 2:]) & (high > boxes[None, :, :2])).all(axis=2)
    assert meet.sum() == len(boxes)
    width, height = page.run("return mapSize()")
    assert (boxes >= 0).all()
    assert (boxes[:, 2:] <= (width, height)).all()
    written = page.run("return lettering.boxes.map(each => data.names[each.place])")
    assert set(written) >= {"word3", "word5", "word8", *(name for name, _ in page.listed())}


def test_a_group_is_lit_and_a_click_beside_all_points_goes_back(page):
    page.open(word="word3")
    name = page.run("return data.groups[1]")
    page.browser.find_elements("css selector", "#panel ul button")[1].click()
    series = page.run("return chart.getOption().series.slice(0, 3).map(s => s.itemStyle)")
    opacities = [each["opacity"] for each in series]
    assert opacities[1] > 0.5 > max(opacities[0], opacities[2])
    page.until(f"new URLSearchParams(location.hash.slice(1)).get('group') === {name!r}")
    page.go(page.path.as_uri() + page.run("return location.hash"))
    assert page.run("return activeGroup") == 1
    page.run("chart.getZr().trigger('click', {offsetX: 1, offsetY: 1, event: {}})")
    assert page.run("return selected") == -1


def test_a_click_on_a_point_lists_its_neighbours(page, w2v):
    from selenium.webdriver import ActionChains

    page.open()
    at = 17
    x, y = page.run(
        f"const [x, y] = chart.convertToPixel({{gridIndex: 0}}, point({at}));"
        "const box = document.getElementById('map').getBoundingClientRect();"
        "return [x + box.left, y + box.top]"
    )
    ActionChains(page.browser).move_by_offset(round(x), round(y)).click().perform()
    ActionChains(page.browser).move_by_offset(-round(x), -round(y)).perform()
    page.until("selected >= 0")
    name = page.one("#panel h1").text
    assert (
        page.run(f"return Math.hypot(...[0, 1].map(n => point(selected)[n] - point({at})[n]))")
        < 0.1
    )
    assert page.listed() == printed_neighbours(w2v, name)


def test_a_neighbour_can_be_followed_and_words_highlighted(page, w2v):
    page.open(word="word3")
    assert page.listed() == printed_neighbours(w2v, "word3")
    second = page.listed()[1][0]
    page.browser.find_elements("css selector", "#panel ol button")[1].click()
    assert page.one("#panel h1").text == second
    page.one("#mark").click()
    assert page.marked() == [second]
    assert page.one("#marked button").text == f"{second} ×"
    page.until(f"location.hash.includes('mark={second}')")
    page.one("#marked button").click()
    assert page.marked() == []


def test_the_address_is_a_state_that_comes_back(page):
    view = "0.01,0.31,-0.2,0"
    page.open(word="<b>odd</b>", mark=["+ &#%", "word9"], view=view)
    assert page.one("#panel h1").text == "<b>odd</b>"
    assert page.marked() == ["+ &#%", "word9"]
    seen = page.run("return view()")
    x0, x1, y0, y1 = seen
    assert x0 <= 0.011  # all that was asked for, and more beside it: at one scale
    assert x1 >= 0.309
    assert [y0, y1] == pytest.approx([-0.2, 0], abs=0.01)
    width, height = page.run("return mapSize()")
    assert (x1 - x0) / width == pytest.approx((y1 - y0) / height, rel=0.01)
    page.until("location.hash.includes('view=')")
    address = page.run("return location.hash")
    page.go(page.path.as_uri() + address)
    assert page.one("#panel h1").text == "<b>odd</b>"
    assert page.run("return view()") == pytest.approx(seen, abs=0.01)
    page.one("#whole").click()
    assert page.run("return view()")[0] < -0.3
    page.until("!location.hash.includes('view=')")


def test_the_wheel_zooms_and_writes_other_names(page):
    page.open()
    before = page.run("return view()")
    page.browser.execute_cdp_cmd(
        "Input.dispatchMouseEvent",
        {"type": "mouseWheel", "x": 300, "y": 300, "deltaX": 0, "deltaY": -240},
    )
    page.until(f"view()[1] - view()[0] < {(before[1] - before[0]) * 0.95}")
    assert 0 < page.run("return lettering.boxes.length") < WORDS


def test_it_is_read_on_a_phone_and_in_the_dark(page):
    page.browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 780, "deviceScaleFactor": 2, "mobile": True},
    )
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    try:
        page.open(word="word3")
        assert (
            page.run("return getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 28)"
        )
        assert page.run("return document.documentElement.scrollWidth") <= 390
        boxes = page.run(
            "return ['map', 'panel'].map(id => document.getElementById(id).getBoundingClientRect())"
        )
        assert all(box["width"] > 380 and box["height"] > 200 for box in boxes)
        assert boxes[0]["bottom"] <= boxes[1]["top"] + 1
        page.run("data.groups[data.group[selected]] = 'a'.repeat(300); showPanel()")
        assert page.run("return element('panel').scrollWidth <= element('panel').clientWidth")
        page.open(mark=[f"word{n}" for n in range(12)])  # in a line of their own
        page.until("chart.getHeight() === element('map').clientHeight")
        assert page.run("return document.documentElement.scrollWidth") <= 390
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_ten_thousand_words_are_drawn_while_one_looks(browser, w2v, folder):
    rng = np.random.default_rng(1)
    names = [f"w{n}" for n in range(10_000)]
    formats.save("x.npy", Table.build(names, rng.standard_normal((10_000, 5)).astype(np.float32)))
    assert w2v("plot", "-v", "x.npy", "--top", 10_000, "-o", "map.html").code == 0
    page = Page(browser, folder / "map.html").open()
    frames = page.run(
        "const taken = []; for (let n = 0; n < 10; n++) {"
        " const begun = performance.now();"
        " look(view().map((side, at) => side * 0.97)); write(); chart.getZr().flush();"
        " taken.push(performance.now() - begun); } return taken.sort((a, b) => a - b)"
    )
    print(f"frames of 10,000 words and names: {frames[5]:.0f} ms")
    assert page.run("return data.names.length") == 10_000
