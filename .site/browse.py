#!/usr/bin/env python3
"""Open the built site from disk in headless Chromium, and check what a reader meets.

No page may be wider than the screen, ask for anything that is not on the disk, or log an error; the
search must find words and options. Every page is opened in light and dark colours, wide and narrow.
Screenshots of the first screen of each go to a folder, for eyes.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

SCREENS = {"wide": (1440, 900), "narrow": (360, 740)}
COLOURS = {"light": "default", "dark": "slate"}
SEARCHES = {
    "hogwild": "glossary.html",
    "min-count": "text.html",
    "--min-count": "commands.html",
    "min_count": "networks.html",
    "perplexity": "topics.html",
    "fit_subwords": "functions.html",
}
PATIENCE = 30  # seconds


def driver() -> webdriver.Chrome:
    """A Chromium without a window."""
    options = webdriver.ChromeOptions()
    names = ("chromium", "chromium-browser", "google-chrome")
    binary = next(filter(None, map(shutil.which, names)), None)
    if not (binary and shutil.which("chromedriver")):
        sys.exit("no Chromium with ChromeDriver here: .ci/run installs them")
    options.binary_location = binary
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


def until(browser: webdriver.Chrome, script: str) -> Any:
    """Wait until a piece of JavaScript returns something."""
    end = time.monotonic() + PATIENCE
    while not (value := browser.execute_script(script)) and time.monotonic() < end:
        time.sleep(0.1)
    return value


def screen(browser: webdriver.Chrome, width: int, height: int, colours: str) -> None:
    """Set the size of the screen, also below the least width of a window, and its colours."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = [{"name": "prefers-color-scheme", "value": colours}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})


def look(browser: webdriver.Chrome, page: Path, scheme: str) -> list[str]:
    """Open a page; what is wrong with it."""
    browser.get(page.as_uri())
    found = []
    if until(browser, "return document.body.dataset.mdColorScheme") != scheme:
        found.append("has other colours")
    wide = browser.execute_script(
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    if wide > 0:
        found.append(f"is {wide} pixels wider than the screen")
    return found


def search(browser: webdriver.Chrome, site: Path) -> list[str]:
    """Search for each of the words; those that are not found where they should be."""
    found = []
    for words, page in SEARCHES.items():
        browser.get("about:blank")
        browser.get(f"{(site / 'index.html').as_uri()}?q={words}")
        result = (
            "return [...document.querySelectorAll('a.md-search-result__link')].map(a => a.pathname)"
        )
        answers = [Path(each).name for each in until(browser, result) or []]
        if page not in answers:
            found.append(f"searching {words} finds {answers[:8]}, not {page}")
    return found


def elsewhere(browser: webdriver.Chrome) -> list[str]:
    """Requests for something that is not on the disk, and errors that pages have logged."""
    requests = [e["message"] for e in browser.get_log("performance")]
    found = [
        f"asks for something elsewhere: {each[:300]}"
        for each in requests
        if '"Network.requestWillBeSent"' in each and '"url":"http' in each
    ]
    logged = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    return found + [f"logs {entry['message']}" for entry in logged]


def main(site: Path, pictures: Path, only: list[str]) -> list[str]:
    """Look at all pages, or those of some names; what is wrong, as one line each."""
    pictures.mkdir(parents=True, exist_ok=True)
    pages = [path for path in sorted(site.glob("*.html")) if path.name != "404.html"]
    browser, found = driver(), []
    try:
        for shape, (width, height) in SCREENS.items():
            for colours, scheme in COLOURS.items():
                screen(browser, width, height, colours)
                for page in pages:
                    if only and page.stem not in only:
                        continue
                    faults = look(browser, page, scheme)
                    found += [f"{page.name}, {shape}, {colours}: {each}" for each in faults]
                    browser.save_screenshot(str(pictures / f"{page.stem}-{shape}-{colours}.png"))
        found += search(browser, site) + elsewhere(browser)
    finally:
        browser.quit()
    return found


if __name__ == "__main__":
    built, folder, *names = sys.argv[1:]
    if messages := main(Path(built).resolve(), Path(folder), names):
        sys.exit("\n".join(messages))
