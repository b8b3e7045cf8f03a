"""The rules of the house as small programs over the source."""

import ast
import re
from pathlib import Path

import naive
import pytest

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
# Who stands where in the flow: a module imports only from layers before its own.
LAYERS = [
    ["w2v", "w2v.errors", "w2v.text.nontext", "w2v.system.packing"],
    [
        "w2v.cli.foreign_options",
        "w2v.system.python_arguments",
        "w2v.system.cgroups",
        "w2v.text.tokenizers",
    ],
    [
        "w2v.settings",
        "w2v.system.resources",
        "w2v.system.progress",
        "w2v.system.signals",
        "w2v.system.remote_files",
        "w2v.system.pipes",
    ],
    [
        "w2v.system.text_file",
        "w2v.text.columns",
        "w2v.system.locks",
        "w2v.system.spooled_array",
        "w2v.embeddings.table",
    ],
    ["w2v.text.corpus"],
    ["w2v.embeddings.container", "w2v.embeddings.spelling", "w2v.embeddings.search", "w2v.kernels"],
    [
        "w2v.negative_sampling.sampling",
        "w2v.text.word_counter",
        "w2v.embeddings.formats",
        "w2v.embeddings.transform",
        "w2v.embeddings.query",
        "w2v.evaluation.analogies",
        "w2v.evaluation.classifier",
    ],
    ["w2v.text.documents", "w2v.text.encoded_text", "w2v.evaluation.compare"],
    ["w2v.text.vocabulary", "w2v.training.chunks", "w2v.runs.checkpoint"],
    [
        "w2v.runs.messages",
        "w2v.system.output_files",
        "w2v.text.encode",
        "w2v.runs.learnable",
        "w2v.text.phrases",
        "w2v.training.trainer",
        "w2v.negative_sampling.worker",
    ],
    [
        "w2v.negative_sampling.row_copies",
        "w2v.negative_sampling.document_worker",
        "w2v.evaluation.features",
    ],
    [
        "w2v.training.loop",
        "w2v.negative_sampling.trainer",
        "w2v.runs.validation",
        "w2v.runs.memory",
        "w2v.runs.initial_vectors",
    ],
    ["w2v.negative_sampling.inference", "w2v.factorization.sif", "w2v.topics", "w2v.networks"],
    ["w2v.negative_sampling.document_trainer"],
    ["w2v.models", "w2v.runs.provenance"],
    ["w2v.runs.saved_model", "w2v.runs.run"],
    ["w2v.runs.closed_form"],
    ["w2v.runs.gibbs"],
    ["w2v.runs.minibatch", "w2v.plots", "w2v.cluster"],
    ["w2v.runs.recipe", "w2v.runs.control"],
    ["w2v.vectors"],
    ["w2v.api"],
    ["w2v.cli"],
    ["w2v.__main__"],
]


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


def layer(name):
    family = ".".join(name.split(".")[:2])
    return next(i for i, names in enumerate(LAYERS) if family in names)


def test_the_package_imports_nothing():
    assert not [used for used in top_level("w2v") if used not in ("__future__", "typing")]


@pytest.mark.parametrize("name", [name for name in MODULES if name != "w2v"])
def test_imports_follow_the_flow(name):
    for used in imports(tree(name)):
        if used.split(".")[0] == "w2v" and used != name:
            same_family = used.split(".")[:2] == name.split(".")[:2]
            assert layer(used) < layer(name) or same_family, f"{name} imports {used}"


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
        light = ("w2v", "w2v.errors", "w2v.runs.messages", "w2v.system.pipes")
        assert all(used in light or used.startswith("w2v.cli") for used in ours)
        assert not at_import & {"numpy", "numba", "scipy"}


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_import_nothing_of_the_rest(name):
    for used in imports(tree(name)):
        packages = {"numpy", "math", "typing", "numba"}
        if name.endswith((".simd", ".simd_counts")):
            packages |= {"llvmlite", "collections"}
        allowed = used.startswith("w2v.kernels") or used.split(".")[0] in packages
        assert allowed or name == "w2v.kernels.cache" or used == "__future__", used


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


# Functions inside of others, whose docstrings say enough.
INNER = {
    "train", "show", "work", "report", "refuse", "answer", "emit", "replace", "change", "known",
    "infer", "loss", "add", "multiply", "fill", "rows", "parse", "correlations", "shares",
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
    assert len(lines) <= 400
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno <= 75, node.name


def test_nothing_is_unpickled_or_evaluated():
    for name in MODULES:
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in {"eval", "exec", "np.load", "pickle.load"}, (
                    name
                )
