"""What MkDocs does for this site: collects the pages, changes their links, sets the navigation."""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING, Any

import site_pages

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

DEMO = ["explorer.html", "topics.html"]  # made by `make site`, in demo/


def _repository() -> str:
    """The address of the repository, from the environment or pyproject.toml; "" if unknown."""
    if given := os.environ.get("W2V_REPOSITORY"):
        return given.rstrip("/")
    project = tomllib.loads((site_pages.ROOT / "pyproject.toml").read_text())["project"]
    urls = {name.lower(): url for name, url in project.get("urls", {}).items()}
    return next((urls[name].rstrip("/") for name in ("repository", "source") if name in urls), "")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Set the navigation, and make anchors as GitHub does."""
    config.nav = [{"Home": "index.md"}]
    for group, pages in site_pages.navigation().items():
        config.nav.append({group: list(pages)})
    config.mdx_configs.setdefault("toc", {})["slugify"] = site_pages.slug
    if address := _repository():
        config.extra["social"] = [{"icon": "material/source-repository", "link": address}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Collect the pages: those of the repository, those of the site, and those of the demo."""
    from mkdocs.structure.files import File

    for file in list(files.documentation_pages()):
        files.remove(file)
    paths = {there: site_pages.ROOT / here for here, there in site_pages.published().items()}
    paths |= {page.name: page for page in site_pages.OWN.glob("*.md")}
    for folder, names in (("demo", DEMO), (".site/assets", ["site.css", "iframe-worker.js"])):
        for name in names:
            paths[f"{folder.removeprefix('.site/')}/{name}"] = site_pages.ROOT / folder / name
    for there, path in paths.items():
        if not path.exists():
            raise site_pages.MissingPageError(f"{path} is missing: make site makes it")
        files.append(File.generated(config, there, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Change the links of a page of the repository to those of the site."""
    here = {there: here for here, there in site_pages.published().items()}
    file = here.get(page.file.src_uri)
    if file == site_pages.HOME:
        page.meta["hide"] = ["navigation"]  # a group of one page, above which are all groups
    if page.file.src_uri == "commands.md":
        page.meta["search"] = {"boost": 4}  # the place of an option is before its examples
    return site_pages.for_site(file, markdown, _repository()) if file else markdown
