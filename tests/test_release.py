"""What a release says of itself: one version, one list of dependencies, no file left out."""

import re
import shutil
import tomllib

import pytest
import release

import w2v

ROOT = release.ROOT
yaml = pytest.importorskip("yaml", reason="reads the recipe and the citation")
CHANGES = (ROOT / "CHANGELOG.md").read_text("utf-8")

pytestmark = pytest.mark.skipif(
    not shutil.which("git") or not (ROOT / ".git").exists(), reason="compares tracked files"
)


def loaded(name):
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def test_all_files_say_the_same_version():
    assert release.version() == w2v.__version__
    assert loaded("CITATION.cff")["version"] == w2v.__version__
    assert loaded(".conda/recipe.yaml")["context"]["version"] == w2v.__version__
    assert f"\n## [{w2v.__version__}]" in CHANGES


def test_the_list_of_changes_has_the_sections_of_keep_a_changelog():
    assert "## [Unreleased]" in CHANGES
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert {*re.findall(r"(?m)^### (.*)$", CHANGES)} <= kinds


def test_the_recipe_has_the_dependencies_of_the_package():
    project = release.project()
    expected = [f"python {project['requires-python']}", *project["dependencies"]]
    run = loaded(".conda/recipe.yaml")["requirements"]["run"]
    minimum = loaded(".conda/recipe.yaml")["context"]["python_min"]
    found = [each.replace("${{ python_min }}", minimum).replace(" ", "") for each in run]
    assert found == [each.replace(" ", "") for each in expected]
    assert loaded(".conda/recipe.yaml")["about"]["license"] == project["license"]
    assert {*loaded(".conda/recipe.yaml")["about"]["license_file"]} == release.licence_files()


def test_every_file_of_the_package_gets_into_the_wheel():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    expected = release.in_wheel(release.tracked())
    packed = {path for path in expected if path.endswith(".py")}
    assert {path.rpartition("/")[0] for path in packed} == {
        path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "w2v").rglob("__init__.py")
    }
    for package, patterns in settings["package-data"].items():
        folder = ROOT / package.replace(".", "/")
        for pattern in patterns:
            files = {path.relative_to(ROOT).as_posix() for path in folder.glob(pattern)}
            assert files, f"{package}: {pattern} matches nothing"
            packed |= files
    assert packed == expected


def test_every_file_of_the_sdist_is_in_the_manifest():
    manifest = (ROOT / "MANIFEST.in").read_text("utf-8")
    folders = re.findall(r"(?m)^graft (\S+)$", manifest)
    files = set()
    for line in re.findall(r"(?m)^include (.*)$", manifest):
        for pattern in line.split():
            found = {path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern)}
            assert found, f"{pattern} matches nothing"
            files |= found
    always = {"LICENSE", "MANIFEST.in", "README.md", "pyproject.toml"}  # setuptools adds these
    for path in release.in_sdist(release.tracked()):
        assert path.partition("/")[0] in ("w2v", *folders) or path in files | always, path


def test_only_files_for_the_host_stay_out_of_the_sdist():
    left_out = {*release.tracked()} - release.in_sdist(release.tracked())
    assert {path.rpartition("/")[0] for path in left_out} <= {
        "", ".ci", ".conda", ".github/ISSUE_TEMPLATE", ".github/workflows",
    }  # fmt: skip
    assert "tests/release.py" not in left_out


def test_a_file_too_many_and_one_too_few_are_found():
    assert release.differences("wheel", ["a", "b"], ["b", "c"]) == [
        "wheel: c is missing",
        "wheel: a does not belong there",
    ]


def test_links_of_the_readme_are_absolute_on_a_page_of_the_index():
    readme = "![speed](.github/speed.png) [tour](w2v/manual/tour.md#try) [Dask](https://dask.org)"
    address = "https://github.com/OWNER/w2v"
    assert release.absolute_links(readme, address, "v1") == (
        f"![speed]({address}/raw/v1/.github/speed.png) "
        f"[tour]({address}/blob/v1/w2v/manual/tour.md#try) [Dask](https://dask.org)"
    )
    whole = release.absolute_links((ROOT / "README.md").read_text("utf-8"), address, "v1")
    assert not re.findall(r"\]\((?!https:|#)", whole)
    assert release.IN_CHECKOUT in whole
    assert tomllib.loads(release.urls(address, "v1"))["project"]["urls"]["Issues"]


def test_lines_of_a_man_page_are_no_requests():
    assert release.escaped(".safetensors") == r"\&.safetensors"
    assert release.escaped("'s3://x' and C:\\x -k") == r"\&'s3://x' and C:\ex \-k"
    assert release.escaped("\b") == ""


def test_every_command_has_a_man_page(tmp_path):
    pytest.importorskip("click_man", reason="make man installs it")
    names = release.write_man_pages(tmp_path)
    assert {"w2v.1", "w2v-train.1", "w2v-evaluate-analogies.1"} < {*names}
    assert r"\fB\-\-dim\fP" in (tmp_path / "w2v-train.1").read_text()


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github").glob("*/*.yml")), ids=lambda path: path.name
)
def test_workflows_and_forms_are_yaml(path):
    content = yaml.safe_load(path.read_text("utf-8"))
    if path.parent.name == "ISSUE_TEMPLATE" and path.name != "config.yml":
        assert content["name"]
        assert content["description"]
        fields = [each for each in content["body"] if each["type"] != "markdown"]
        assert all(each["attributes"]["label"] for each in fields)
        assert len({each["id"] for each in fields}) == len(fields)


def test_what_is_published_is_what_was_tested():
    workflow = yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text("utf-8"))
    build, test, publish = (workflow["jobs"][name] for name in ("build", "test", "publish"))
    assert (test["needs"], publish["needs"]) == ("build", "test")
    assert any("make dist" in step.get("run", "") for step in build["steps"])
    assert not any("run" in step for step in publish["steps"])  # it builds nothing
    assert publish["permissions"] == {"id-token": "write"}
