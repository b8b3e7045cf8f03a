"""The Python functions `w2v.train` and `w2v.load`; messages go to the logger "w2v"."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2v.classifier_settings import SearchSettings
from w2v.embeddings import formats
from w2v.embeddings.source import Diagnostics
from w2v.errors import W2VError
from w2v.log_console import LogConsole
from w2v.models import Model, models
from w2v.models.ppmi import renamed
from w2v.presets import PresetSettings
from w2v.setting_fields import check, instead_of, option_name, setting_types, split_settings
from w2v.settings import (
    ALIASES,
    DocumentSettings,
    FieldSettings,
    ModelSettings,
    RunSettings,
    TextSettings,
)
from w2v.system import optional_packages, pipes, python_arguments, scratch
from w2v.system.file_stamp import stamp_of
from w2v.system.resources import blas_threads
from w2v.system.temporary_folder import TemporaryFolder
from w2v.vectors import Vectors

if TYPE_CHECKING:
    from w2v.runs.executors import Executor
    from w2v.runs.request import Request
    from w2v.runs.run import TrainingRun
    from w2v.runs.settings_search import SettingsSearch
    from w2v.runs.text_messages import Console

_LOG = logging.getLogger("w2v")


def load(path: str | Path, table: str | None = None, limit: int | None = None) -> Vectors:
    """Open a file of vectors or a trained model.

    path     a .safetensors file of `w2v train`, or a file of another program: word2vec text or
             binary, GloVe, fastText, NumPy .npy with a list of words beside it, Embedding
             Projector .tsv, or Parquet. The format is recognised by the content, not by the
             suffix; a file may be compressed by gzip, bzip2, xz or zstd
    table    the table of a .safetensors file, such as "words" or "documents". None: the words, or
             the documents if the file has no word vectors
    limit    read only the first `limit` rows, the most frequent words; None: all
    Returns  `Vectors`. Those of a .safetensors file are mapped into memory instead of being read
    Raises   W2VError if the file cannot be read as vectors (the message says why), OSError if it
             cannot be opened

        vectors = w2v.load("vectors.safetensors")
        vectors.similar("king", k=3)
        glove = w2v.load("glove.6B.300d.txt", limit=100_000)

    Minor faults of a file, such as names that are not UTF-8, are logged as warnings. A pipe is
    copied to a temporary file, which is removed together with the returned vectors.
    """
    rows = None if limit is None else python_arguments.whole(limit, "limit", 0)
    file = python_arguments.path(path, "path")
    if not pipes.is_pipe(file):
        return _load(file, table, rows)
    folder = TemporaryFolder()
    copied = pipes.copied_to(folder.path, file)
    with folder.hidden_in_errors(copied, pipes.name_of(file)):
        return _load(copied, table, rows, folder, pipes.name_of(file))


def _load(
    path: str, table: str | None, limit: int | None = None, owner: object = None, shown: str = ""
) -> Vectors:
    """Open a file, see `load`.

    owner  an object that the vectors keep alive, such as their temporary folder
    shown  the name of the file in warnings; "": its path
    """
    faults, stamp = Diagnostics(path), stamp_of(path)
    name = table or formats.default_table(path)
    opened = formats.load(path, name, limit, faults)
    for message in faults.messages:
        _LOG.warning("%s: %s", shown or path, message)
    is_part = limit is not None and len(opened) >= limit
    return Vectors._of(opened, name, path, owner, is_part, stamp)


def train(
    corpus: str | Path | Sequence[str | Path] = (),
    *,
    texts: str | Iterable[str | Sequence[str]] | None = None,
    output: str | Path | None = None,
    model: str = "skipgram",
    recursive: bool = False,
    resume: bool = False,
    on_progress: Callable[[object], None] | None = None,
    **settings: Any,
) -> Vectors:
    """Train a model. With the same settings, the command `w2v train` writes the same file.

    corpus       the path of a text file, or a list of paths. For document models a path may be a
                 folder; each file in it is then a document
    texts        texts to train on instead of files: an iterable of sentences, or of documents, each
                 a string or a list of words. A single string is one text
    output       the file to write; .safetensors keeps the complete model. Default None: a temporary
                 file, which is removed together with the returned vectors
    model        words: skipgram (default), cbow, ppmi; documents: pv-dm, pv-dbow, sif, lsa, lda;
                 text classifiers: nbow; networks: mlp, rnn, lstm, gru
    recursive    whether to replace each folder in `corpus` by all files in it and its subfolders;
                 document models read them in any case
    resume       whether to continue a stopped run from its checkpoint
    on_progress  a function that is called with a `Progress` record or a message (str), at most five
                 times a second, such as `print`
    settings     the options of the command as keywords, with _ for -: dim=100, window=5,
                 min_count=5, epochs=5, threads=4, seed=1. `w2v train --model NAME --help` lists
                 them with their defaults
    Returns      `Vectors` of the words, or of the documents if the model has no word vectors
    Raises       W2VError for a wrong argument or file, DivergedError if the loss is not finite

        vectors = w2v.train("corpus.txt", dim=300, window=5, output="vectors.safetensors")
        vectors = w2v.train(texts=["a first sentence", ["a", "second", "one"]], min_count=1)
        topics = w2v.train("reviews.txt", model="lda", topics=50).topics()

    Settings may have Python's types. Options with commas take a list: dense=(256, 64). Sizes in
    bytes and times are numbers: max_memory=4e9, checkpoint_every=5 in minutes, time=300 in seconds.
    `stopwords` may be a list of words, `seeds` a mapping of names to words, or to words with
    weights, `valid` a list of texts, `init` and `update` may be `Vectors`, and `cluster` a
    dask.distributed.Client.

    During training, NumPy's BLAS is limited to the number of threads that the command would use.
    A warning is logged if this is impossible, as with a BLAS that is not part of NumPy's wheel.
    """
    from w2v.text.encode import write_texts

    paths = python_arguments.paths(corpus, "corpus")
    if (texts is None) == (not paths):
        raise W2VError("expected either corpus, the paths of files, or texts")
    given_output = None if output is None else python_arguments.path(output, "output")
    if given_output == "-":
        raise W2VError("output '-': give the path of a file, or leave output out")
    folder = TemporaryFolder()
    if texts is not None:
        settings["encoding"] = _utf8(settings, "texts", "leave out encoding")
        paths = [write_texts(texts, folder.path)]
    # `settings` keeps the vectors of `init` and `update`, whose end would remove their file.
    values = settings | _files(settings, folder.path)
    model, values = renamed(python_arguments.word(model, "model"), values)
    chosen = find_model(model)
    output_path = given_output or os.path.join(folder.path, "vectors.safetensors")
    with folder.hidden_in_errors(), ExitStack() as stack:
        console, temporary = LogConsole(on_progress, folder.hide), given_output is None
        run = build_run(paths, output_path, chosen, values, console, stack, temporary, recursive)
        threads = 1 if chosen.limits_blas else run.executor.threads
        is_limited = stack.enter_context(blas_threads(threads))
        if not is_limited and "OPENBLAS_NUM_THREADS" not in os.environ:
            _LOG.warning(
                "BLAS may use more threads than w2v train gives it, which can change the last "
                "digits of vectors: set the variable of your BLAS, such as OPENBLAS_NUM_THREADS"
            )
        run.carry_out(resume)
    return _load(output_path, None, owner=folder)


def _files(settings: Mapping[str, Any], folder: str) -> dict[str, str]:
    """Write settings that are Python objects to files, and return the paths by setting.

    These settings are `init` and `update` as `Vectors`, and `valid` as texts.
    """
    from w2v.text.encode import write_texts

    files = {}
    for name in {"init", "update"} & settings.keys():
        given, path = settings[name], os.path.join(folder, f"{name}.safetensors")
        if isinstance(given, Vectors):
            files[name] = given._in_file(path, name == "update")
            if name == "update" and "model" not in formats.contents(files[name])[1]:
                raise W2VError(
                    "update: these vectors are not a whole model of w2v.train: w2v.load one "
                    "without limit, or give the vectors as init"
                )
        elif given is not None:
            files[name] = python_arguments.path(given, name)
    valid = settings.get("valid")
    if valid is not None and not isinstance(valid, str | bytes | os.PathLike):
        _utf8(settings, "valid: texts", "give the path of a file")
        files["valid"] = write_texts(valid, folder, "valid")
    return files


def _utf8(settings: Mapping[str, Any], what: str, advice: str) -> str:
    """The encoding in which given texts are written; W2VError if another one is given with them.

    what    the texts
    advice  what to do instead
    """
    encoding = str(settings.get("encoding") or "utf-8").lower().replace("_", "-")
    if encoding not in ("utf-8", "utf8"):
        raise W2VError(
            f"{what} cannot be used with encoding={encoding!r}, because they are written as "
            f"UTF-8: {advice}"
        )
    return "utf-8"


def find_model(name: str) -> Model:
    """The model of a name; W2VError for an unknown name, which other programs may have."""
    if name in models():
        return models()[name]
    known = name.lower().replace("_", "-")
    like = [each.name for each in models().values() if known in (each.name, *each.other_names)]
    advice = f"use {' or '.join(like)}, or" if like else "choose"
    raise W2VError(f"--model {name}: no such model; {advice} one of {', '.join(models())}")


def build_run(
    paths: Sequence[str],
    output: str,
    model: Model,
    given: Mapping[str, Any],
    console: Console,
    stack: ExitStack,
    temporary: bool = False,
    recursive: bool = False,
) -> TrainingRun | SettingsSearch:
    """Make a training run, or with `time` a search, from settings; `carry_out` starts it.

    paths      the paths or globs of text files; `-` is stdin
    output     the path of the file to write
    model      the model to train
    given      settings of the corpus, the run and the model by name, with the types of the command
               line or of Python; a setting that is missing or None has its default
    console    prints the messages
    stack      its exit closes the connection to a cluster, and ends the use of `scratch`
    temporary  whether the output is a temporary file, for which no checkpoints are written
    recursive  whether folders stand for all files in them, unless the model reads documents
    Raises     W2VError if the model has no such setting, or if settings contradict each other
    """
    from w2v.runs.messages import Messages
    from w2v.runs.run import TrainingRun
    from w2v.runs.settings_search import SettingsSearch

    request = _make_request(paths, output, model, given, temporary, recursive)
    check(request.run)  # The folder of --scratch is used before `Request.check`.
    stack.enter_context(scratch.used(request.run.scratch))
    executor = _make_executor(request, console, stack)
    if request.search.time is None:
        return TrainingRun(request, executor, Messages(console, request))
    hides = console.hides if isinstance(console, LogConsole) else None
    return SettingsSearch(request, executor, console, hides=hides)


def _make_request(
    paths: Sequence[str], output: str, model: Model, given: Mapping[str, Any], temporary: bool,
    recursive: bool,
) -> Request:  # fmt: skip
    """Make the request of a run, with the settings of initial vectors; see `build_run`."""
    from w2v.runs.initial_vectors import read_initial
    from w2v.runs.needed_settings import check_needed
    from w2v.runs.request import Request
    from w2v.runs.setting_proposals import SEARCHED
    from w2v.text.corpus import files_named

    values = _named(model, {name: value for name, value in given.items() if value is not None})
    if values.get("cluster"):
        values = {"deterministic": True, **values}
    initial, own = read_initial(values), values
    if initial:
        values = {"dim": initial.dim, **initial.settings, **values}
    values = {"min_count": model.min_count, **values}  # None: that of `TextSettings`
    classes = model.settings, TextSettings, RunSettings, DocumentSettings, SearchSettings
    options, text, run, documents, search = split_settings(values, *classes)
    [preset] = split_settings(values, PresetSettings)
    documents, records = _records_of(model, options, values, own, documents)
    if not getattr(options, "deterministic", True):
        advice = "leave out --hogwild" if "deterministic" in own else "add --deterministic"
        for name in {"cluster", "shards", "round_words"} & own.keys():
            raise W2VError(f"{option_name(name)} is for --deterministic: {advice}")
    check_needed(options, own, {*SEARCHED} - own.keys() if search.time else ())
    keeps_folders = model.keeps_folders(options, values.get("label_field") == "folder")
    files = files_named(paths, recursive, keeps_folders), output, model
    return Request(
        *files, options, text, run, documents, initial, temporary, search, own, preset, records
    )


def _records_of(
    model: Model, options: ModelSettings, values: Mapping[str, Any], own: Mapping[str, Any],
    documents: DocumentSettings,
) -> tuple[DocumentSettings | None, FieldSettings | None]:  # fmt: skip
    """How a model reads documents, or the texts of records; both are None if it reads lines.

    values     the settings that are given, and those of initial vectors, by name
    own        the settings that are given
    documents  the settings of documents
    Raises     W2VError if a setting of documents is given, such as that of ids, that the model does
               not use. A model that is updated may have such settings
    """
    if model.reads_documents(options):
        return documents, None
    names = {field.name for field in fields(FieldSettings)}
    for field in fields(DocumentSettings):
        if field.name in own and field.name not in names:
            raise W2VError(
                f"{option_name(field.name)} is for --task classify: a language model reads only "
                "texts: leave it out"
            )
    return None, split_settings(values, FieldSettings)[0] if names & values.keys() else None


def _make_executor(request: Request, console: Console, stack: ExitStack) -> Executor:
    """Make the executor of a run, on the threads of this machine or on a Dask cluster.

    Raises  W2VError if Dask is not installed, if no scheduler answers, or if the model cannot be
            trained on a cluster
    """
    from w2v.runs.executors import local_executor

    if not request.run.cluster:
        return local_executor(request)
    if not request.model.distributed:
        raise W2VError(
            f"--cluster does not work with --model {request.model.name}: leave out --cluster"
        )
    try:
        from w2v.cluster.connection import Cluster
        from w2v.cluster.executor import cluster_executor
    except ImportError as error:
        raise optional_packages.failure(
            error, "distributed", "cluster", "--cluster needs"
        ) from None
    request.check()  # before the connection, so that wrong settings are reported early
    cluster = stack.enter_context(Cluster(request.run.cluster, console.warn))
    return cluster_executor(request, cluster)


def _named(model: Model, given: Mapping[str, Any]) -> dict[str, Any]:
    """Replace aliases by names, and convert values to their types; W2VError for unknown names."""
    classes = RunSettings, *model.settings_classes
    names = {field.name for class_ in classes for field in fields(class_)}
    aliases = {
        alias.removeprefix("--").replace("-", "_"): name
        for name, aliases_of_name in ALIASES.items()
        for alias in aliases_of_name
        if name in names
    }
    for name in given.keys() - names - aliases.keys():
        other_models = [
            other.name
            for other in models().values()
            if any(field.name == name for k in other.settings_classes for field in fields(k))
        ]
        if other_models:
            suitable = " or ".join(other_models)
            instead = instead_of(name, names)
            raise W2VError(f"{option_name(name)} works only with --model {suitable}{instead}")
        similar = get_close_matches(name, sorted(names), 1)
        hint = f"; near: {similar[0]}" if similar else ""
        raise W2VError(f"{name}: {model.name} has no such setting{hint}")
    given_names: dict[str, str] = {}
    for given_name in given:
        name = given_name if given_name in names else aliases[given_name]
        if (other := given_names.setdefault(name, given_name)) != given_name:
            raise W2VError(f"{other} and {given_name} are one setting: give one of them")
    types = {name: type_ for class_ in classes for name, type_ in setting_types(class_).items()}
    return {
        name: python_arguments.setting(name, types[name], given[given_name])
        for name, given_name in given_names.items()
    }
