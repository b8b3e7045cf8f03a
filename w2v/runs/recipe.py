"""What a run was told, by a command or by a program, put together as a `Job`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import fields
from difflib import get_close_matches
from typing import Any, get_type_hints

from w2v.cli.foreign_options import ALIASES
from w2v.embeddings import formats
from w2v.errors import W2VError
from w2v.models import Model, models
from w2v.runs.closed_form import Solution
from w2v.runs.gibbs import Chain
from w2v.runs.initial_vectors import Origin
from w2v.runs.minibatch import Course
from w2v.runs.run import Job
from w2v.settings import (
    DocumentSettings,
    RunSettings,
    TextSettings,
    check_rates,
    dealt,
    option_name,
)
from w2v.system import python_arguments
from w2v.system.pipes import name_of

_KINDS = {"gradients": Job, "at once": Solution, "sweeps": Chain, "batches": Course}


def find_model(name: str) -> Model:
    """A model by its name; W2VError where there is none."""
    if name not in models():
        raise W2VError(f"--model {name}: no such model; there are {', '.join(models())}")
    return models()[name]


def make_job(
    paths: Sequence[str],
    output: str,
    model: Model,
    chosen: Mapping[str, Any],
    stack: ExitStack,
) -> Job:
    """A run.

    paths   texts; `-` is stdin
    output  the file to write
    chosen  settings by their names, of the texts, of the run and of the model, in the types of the
            command line or in Python's; what is None, or not there, is as it is by default
    stack   what ends the connection to a cluster, if the run goes to one
    Raises  W2VError where these are not settings of the model, or contradict each other
    """
    given = {name: value for name, value in chosen.items() if value is not None}
    chosen = _named(model, given)
    if chosen.get("cluster"):
        chosen["deterministic"] = True
    if not chosen.get("deterministic"):
        for name in {"shards", "round_words"} & chosen.keys():
            raise W2VError(f"{option_name(name)} is for --deterministic")
    origin = _origin(model, chosen)
    if origin:
        chosen = {"dim": origin.dim, **origin.settings, **chosen}
    kinds = model.settings, TextSettings, RunSettings, DocumentSettings
    options, text, how, documents = dealt(chosen, *kinds)
    check_rates(options)
    documents = documents if model.has_documents(options) else None
    parts = paths, output, model, options, text, how, documents, origin
    return _on_cluster(stack, parts, how.cluster) if how.cluster else _KINDS[model.way](*parts)


def _on_cluster(stack: ExitStack, parts: tuple[Any, ...], address: str) -> Job:
    """A job of these parts whose connection ends with `stack`.

    Raises W2VError where Dask is not installed, no cluster answers, or the model cannot go there
    """
    model = parts[2]
    if model.way == "batches" or (model.way == "at once" and not model.products):
        raise W2VError(f"--cluster is not for --model {model.name}: train it without")
    try:
        from w2v.cluster.connection import Cluster
        from w2v.cluster.lda_run import ClusterChain
        from w2v.cluster.run import ClusterJob
        from w2v.cluster.svd_products import ClusterSolution
    except ModuleNotFoundError as error:
        raise W2VError(f"--cluster needs {error.name}: pip install 'w2v[cluster]'") from None
    kinds = {"gradients": ClusterJob, "sweeps": ClusterChain, "at once": ClusterSolution}
    return kinds[model.way](stack.enter_context(Cluster(address)), *parts)


def _named(model: Model, given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by our names; W2VError for a name that is no setting of the model."""
    kinds = RunSettings, *model.kinds
    own = {field.name for kind in kinds for field in fields(kind)}
    aliases = {
        alias.removeprefix("--").replace("-", "_"): name
        for name, others in ALIASES.items()
        for alias in others
        if name in own
    }
    for name in given.keys() - own - aliases.keys():
        takers = [
            each.name
            for each in models().values()
            if any(field.name == name for kind in each.kinds for field in fields(kind))
        ]
        if takers:
            raise W2VError(f"{option_name(name)} is for --model {' or '.join(takers)}")
        near = get_close_matches(name, sorted(own), 1)
        hint = f"; near: {near[0]}" if near else ""
        raise W2VError(f"{name}: no such setting of {model.name}{hint}")
    hints = {name: hint for k in kinds for name, hint in get_type_hints(k).items()}
    named = {name if name in own else aliases[name]: value for name, value in given.items()}
    return {
        name: python_arguments.setting(name, hints[name], value) for name, value in named.items()
    }


def _origin(model: Model, chosen: Mapping[str, Any]) -> Origin | None:
    """What a run starts from, if that is not random."""
    path, update = chosen.get("init"), chosen.get("update")
    if update:
        _check_update(update)
    if update and chosen.get("read_vocab"):
        raise W2VError("--update goes on with the words of the model: no --read-vocab")
    if path and update:
        raise W2VError("--init or --update: a run starts from one of them")
    if chosen.get("freeze") and not path:
        raise W2VError("--freeze is for --init")
    chosen_path = path or update
    return Origin(chosen_path, bool(update)) if chosen_path else None


def _check_update(path: str) -> None:
    """W2VError where a file is no model that can go on with more text: what it is, what to do."""
    tensors, metadata = formats.contents(path)
    if not tensors:
        raise W2VError(
            f"{name_of(path)} ({formats.sniff(path)}) holds vectors alone: start from these by "
            "--init; --update needs the .safetensors file of w2v train"
        )
    if metadata.get("kind") == "checkpoint":
        raise W2VError(
            f"{name_of(path)} is the checkpoint of a run that was stopped: --resume goes on with it"
        )
    model = models().get(metadata.get("model", ""))
    if model is None:
        raise W2VError(
            f"{name_of(path)} holds vectors alone, not what w2v train wrote: start from these by "
            "--init"
        )
    if not model.can_update:
        advice = "train it anew on all texts"
        if model.way == "batches":
            advice += ", or start from its words' vectors by --init"
        elif "documents.matrix" in tensors:
            advice += ", or give new documents vectors by w2v infer"
        raise W2VError(
            f"{name_of(path)} is a model of --model {model.name}, which cannot be updated: {advice}"
        )
