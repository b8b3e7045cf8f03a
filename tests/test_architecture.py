"""Rules for the source code, checked by small programs."""

import ast
import re
from pathlib import Path

import naive
import pytest
from helpers import compiled_only

pytestmark = compiled_only  # it calls no kernel
ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "w2v"
MODULES = {
    path.relative_to(ROOT)
    .with_suffix("")
    .as_posix()
    .replace("/", ".")
    .removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
KERNELS = [name for name in MODULES if name.startswith("w2v.kernels.")]
# A package imports only from packages before it. The order is that of the flow of data.
LINE = [
    "errors",
    "kernels",
    "system",
    "embeddings",
    "alignment",
    "setting_fields",
    "settings",
    "classifier_settings",
    "network_settings",
    "presets",
    "text",
    "factorization",
    "training",
    "negative_sampling",
    "networks",
    "text_classification",
    "topics",
    "models",
    "runs",
    "cluster",
    "labelling",
    "pickling",
    "log_console",
    "vectors",
    "given_vectors",
    "api",
    "fitting",
    "combining",
    "aligning",
    "drifting",
    "evaluation",
    "plots",
    "cli",
    "__main__",
]
# Packages whose files have an order too: a file imports only from files before it.
ORDERS = {
    "training": "chunks state protocols pool workers loop",
    "alignment": "common_words run_neighbours word_pairs rotations csls combination"
    " aligned_vectors permutation_test drift",
    "text": "nontext header_names columns labels json_fields tokenizers text_digest text_blocks"
    " file_lists tar_members wet_records arrow_tables sources corpus document_files records"
    " document_numbers document_list documents beginnings encoded_text word_counter numbered_parts"
    " numbered_text disk_space vocabulary encode phrase_candidates phrase_lists phrases rows"
    " line_table removed_rows near_lines deduplication",
}


def tree(name):
    return ast.parse(MODULES[name].read_text())


def imports(node):
    """The modules that are imported in a piece of code; `from w2v import x` gives w2v.x."""
    for each in ast.walk(node):
        if isinstance(each, ast.Import):
            yield from (alias.name for alias in each.names)
        elif isinstance(each, ast.ImportFrom):
            for alias in each.names:
                full = f"{each.module}.{alias.name}"
                yield full if full in MODULES else each.module


def top_level(name):
    """The imports of a module that run when it is imported."""
    body = [
        node
        for node in tree(name).body
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
    ]
    found = []
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found += imports(node)
    return found


def room(name):
    return name.split(".")[1]


def test_the_package_imports_nothing():
    assert not [used for used in top_level("w2v") if used not in ("__future__", "typing")]


@pytest.mark.parametrize("name", [name for name in MODULES if name != "w2v"])
def test_imports_follow_the_flow(name):
    for used in imports(tree(name)):
        if used.startswith("w2v."):
            assert LINE.index(room(used)) <= LINE.index(room(name)), f"{name} imports {used}"


@pytest.mark.parametrize("name", ORDERS)
def test_imports_follow_the_order_inside_of_a_room(name):
    order = ORDERS[name].split()
    files = {path.stem for path in (PACKAGE / name).glob("*.py")} - {"__init__"}
    assert files == set(order)
    for file in order:
        for used in imports(tree(f"w2v.{name}.{file}")):
            if used.startswith(f"w2v.{name}."):
                assert order.index(used.split(".")[2]) < order.index(file), f"{file} imports {used}"


def test_a_room_says_what_it_is_for():
    for folder in PACKAGE.iterdir():
        if (folder / "__init__.py").exists():
            assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text())), folder


def test_models_do_not_import_each_other():
    for name in MODULES:
        if name.startswith("w2v.models."):
            assert not [u for u in imports(tree(name)) if u.startswith("w2v.models.")], name


@pytest.mark.parametrize("name", MODULES)
def test_heavy_packages_stay_where_they_belong(name):
    everywhere = {used.split(".")[0] for used in imports(tree(name))}
    at_import = {used.split(".")[0] for used in top_level(name)}
    if not name.startswith("w2v.kernels"):
        assert "numba" not in everywhere
    assert "scipy" not in at_import
    if not name.startswith("w2v.cluster"):
        assert not everywhere & {"dask", "distributed"}
    if not name.startswith("w2v.cli"):
        assert "click" not in everywhere
    if name.startswith("w2v.models"):
        assert not at_import & {"numpy", "numba", "scipy"}
    if name.startswith("w2v.cli"):
        ours = {used for used in top_level(name) if used.startswith("w2v")}
        light = (
            "w2v",
            "w2v.errors",
            "w2v.runs.text_messages",
            "w2v.system.packing",
            "w2v.system.pipes",
            "w2v.system.progress",
        )
        assert all(used in light or used.startswith("w2v.cli") for used in ours)
        assert not at_import & {"numpy", "numba", "scipy"}


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_import_nothing_of_the_rest(name):
    for used in imports(tree(name)):
        packages = {"numpy", "math", "typing", "numba"}
        if name.endswith((".simd", ".simd_counts")):
            packages |= {"llvmlite", "collections"}
        allowed = used.startswith("w2v.kernels") or used.split(".")[0] in packages
        is_free = name in ("w2v.kernels.cache", "w2v.kernels.numba_import")
        assert allowed or is_free or used == "__future__", used


def decorated(*decorators):
    """The functions of all kernel modules that have one of these decorators."""
    return [
        pytest.param(name, node, id=f"{name.rpartition('.')[2]}.{node.name}")
        for name in KERNELS
        for node in tree(name).body
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(d) in decorators for d in node.decorator_list)
    ]


ALL_JITTED = decorated("jit", "exact", "inlined", "inlined_exact")


@pytest.mark.parametrize(("name", "function"), decorated("jit", "exact"))
def test_every_kernel_has_a_twin(name, function):
    module = name.rpartition(".")[2]
    names = {function.name, f"{module}_{function.name}"}
    assert names & {*vars(naive), *vars(naive.Random)}, f"no twin in tests/naive.py: {names}"


@pytest.mark.parametrize(("name", "function"), ALL_JITTED)
def test_a_kernels_docstring_names_its_arguments_in_order(name, function):
    arguments = [a.arg for a in function.args.args]
    described = re.findall(r"^    (\w+)\s", ast.get_docstring(function, clean=False), re.MULTILINE)
    assert [word for word in described if word in arguments] == arguments


@pytest.mark.parametrize(("name", "function"), ALL_JITTED)
def test_a_kernel_is_short_and_neither_raises_nor_prints(name, function):
    body = function.body[1:]  # without the docstring
    assert body[-1].end_lineno - body[0].lineno < 40
    for node in ast.walk(function):
        assert not isinstance(node, ast.Raise | ast.Try | ast.With | ast.Import)
        assert "print" not in (getattr(node, "id", ""),)


def test_the_registry_is_the_folder():
    from w2v.models import models

    files = {path.stem for path in (PACKAGE / "models").glob("*.py")} - {"__init__"}
    assert {name.replace("-", "_") for name in models()} == files


# Functions inside other functions, whose docstrings are sufficient.
INNER = {
    "train", "show", "work", "report", "refuse", "answer", "emit", "replace", "change", "known",
    "infer", "loss", "add", "multiply", "fill", "rows", "parse", "correlations",
    "mcnemar", "on_share", "scatter", "compute", "products",
}  # fmt: skip


def test_every_public_function_and_class_says_what_it_is():
    missing = [
        f"{name}.{node.name}"
        for name in MODULES
        for node in ast.walk(tree(name))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and "overload" not in map(ast.unparse, node.decorator_list)
        and node.name not in INNER
    ]
    assert not missing


@pytest.mark.parametrize("path", [*MODULES.values(), *(ROOT / "corpora").glob("*.py")], ids=str)
def test_modules_stay_small(path):
    lines = path.read_text().splitlines()
    assert len(lines) <= (500 if path.name == "settings.py" else 400)  # the help of every option
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno <= 75, node.name


def test_nothing_is_unpickled_or_evaluated():
    for name in MODULES:
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in {"eval", "exec"}, name
                assert not re.fullmatch(
                    r"np\.load|(pickle|marshal)\.(load|loads|Unpickler)", called
                ), name
