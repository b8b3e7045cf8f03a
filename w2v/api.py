"""What Python programs call: train, load. What the command line says goes to the log "w2v"."""

from __future__ import annotations

import logging
import math
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from w2v.embeddings import container, formats
from w2v.embeddings.source import Diagnostics
from w2v.errors import W2VError
from w2v.models import Model, models
from w2v.models.ppmi import renamed
from w2v.settings import (
    ALIASES,
    DocumentSettings,
    RunSettings,
    TextSettings,
    option_name,
    split_settings,
)
from w2v.system import pipes, python_arguments
from w2v.system.pipes import name_of
from w2v.system.progress import REFRESH
from w2v.system.resources import blas_threads
from w2v.vectors import Vectors

if TYPE_CHECKING:
    from w2v.runs.executors import Executor
    from w2v.runs.initial_vectors import InitialVectors
    from w2v.runs.request import Request
    from w2v.runs.run import TrainingRun
    from w2v.runs.text_messages import Console

_LOG = logging.getLogger("w2v")


def load(path: str | Path, table: str | None = None, limit: int | None = None) -> Vectors:
    """Open a vector file of any kind that is known.

    path    a file of `w2v train`, or word2vec's, GloVe's, fastText's text, .npy with its names
    table   of a file of ours: words, documents; None: its words, or its documents if it has none
    limit   only so many rows, the first
    Raises  W2VError that says what is wrong with it, OSError where it is not there

    A pipe is copied to a temporary file, which is there as long as what is returned.
    """
    rows = None if limit is None else python_arguments.whole(limit, "limit", 0)
    named = python_arguments.path(path, "path")
    if not pipes.is_pipe(named):
        return _load(named, table, rows)
    folder = _Folder()
    return _load(pipes.copied_to(folder.path, named), table, rows, folder)


def _load(path: str, table: str | None, limit: int | None = None, kept: object = None) -> Vectors:
    findings = Diagnostics(path)
    name = table or _first_table(path)
    found = formats.load(path, name, limit, findings)
    for message in findings.messages:
        _LOG.warning("%s: %s", path, message)
    return Vectors._of(found, name, path, kept)


def _first_table(path: str) -> str:
    """The table that is meant where none is named."""
    tensors, metadata = formats.contents(path)
    word_vectors = container.nested(metadata, "settings").get("word_vectors")
    has_words = word_vectors is not False and "words" in container.table_names(tensors)
    return (
        "words" if has_words or "documents" not in container.table_names(tensors) else "documents"
    )


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
    """Train on texts as `w2v train` does: the same settings write the same bytes.

    corpus       a file, or several; of models of documents also a folder, whose files are these
    texts        in place of files: each a string or a list of words, a sentence or a document;
                 a single string is one text
    output       the file to write; None: one in a temporary folder, gone with what is returned
    model        skipgram, cbow, pv-dm, pv-dbow, sif, lsa, ppmi, lda, mlp, rnn, lstm, gru
    recursive    a folder stands for all files in it and below
    resume       go on with this run if it was stopped
    on_progress  called now and then with a `Progress`, or with a text; print will do
    settings     by the names of the options: dim, window, min_count, epochs, threads, seed;
                 `w2v train --model NAME --help` lists them. Lists take the place of commas
                 (dense=(256, 64)), bytes and minutes are numbers (max_memory=4e9,
                 checkpoint_every=5), stopwords may be a list of words, valid a list of texts,
                 init and update may be `Vectors`, cluster a Client of Dask
    Raises       W2VError for a mistake, DivergedError where the loss is not finite

    While it trains BLAS has as many threads as the command gives it; a warning says where that
    cannot be brought about, as with a BLAS that is not of NumPy's wheel.
    """
    from w2v.text.corpus import files_of
    from w2v.text.encode import write_texts

    paths = python_arguments.paths(corpus, "corpus")
    if (texts is None) == (not paths):
        raise W2VError("train on a corpus or on texts: one of them")
    target = None if output is None else python_arguments.path(output, "output")
    if target == "-":
        raise W2VError("output -: name a file, or leave it out")
    folder = _Folder()
    if texts is not None:
        paths = [write_texts(texts, folder.path)]
        settings["encoding"] = "utf-8"
    settings |= _files(settings, folder.path)
    if recursive:
        paths = [each for path in paths for each in files_of(path)]
    model, settings = renamed(model, settings)
    chosen = find_model(model)
    with folder.left_out(), ExitStack() as stack:
        written = target or os.path.join(folder.path, "vectors.safetensors")
        run = build_run(
            paths, written, chosen, settings, _Log(on_progress, folder), stack, target is None
        )
        # The threads of a network each call BLAS.
        threads = 1 if chosen.is_network else run.executor.threads
        limited = stack.enter_context(blas_threads(threads))
        if not limited and "OPENBLAS_NUM_THREADS" not in os.environ:
            _LOG.warning("BLAS may take more threads than w2v train gives it: other last digits")
        run.carry_out(resume)
    return _load(written, None, kept=folder)


def _files(settings: Mapping[str, Any], folder: str) -> dict[str, str]:
    """Paths for settings that name files, where a program gives what would be in them."""
    from w2v.text.encode import write_texts

    found = {}
    for name in {"init", "update"} & settings.keys():
        if isinstance(settings[name], Vectors):
            found[name] = settings[name]._in_file(os.path.join(folder, f"{name}.safetensors"))
    valid = settings.get("valid")
    if valid is not None and not isinstance(valid, str | bytes | os.PathLike):
        encoding = str(settings.get("encoding", "utf-8")).lower().replace("_", "-")
        if encoding not in ("utf-8", "utf8"):
            raise W2VError(
                "valid: texts are in UTF-8, as those of corpus must be then: name a file"
            )
        found["valid"] = write_texts(valid, folder, "valid")
    return found


class _Folder:
    """A temporary folder, which is removed with this."""

    def __init__(self) -> None:
        self.path = tempfile.mkdtemp(prefix="w2v-")
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    @contextmanager
    def left_out(self) -> Iterator[None]:
        """Let errors name files in the folder without its path, which no program has chosen."""
        try:
            yield
        except W2VError as error:
            error.args = (self.leave_out(str(error)),)
            raise

    def leave_out(self, message: str) -> str:
        """A message without the folder's path."""
        return message.replace(self.path + os.sep, "")


class _Log:
    """A `Console` that goes to the log, and to a function."""

    def __init__(self, on_progress: Callable[[object], None] | None, folder: _Folder):
        self._on_progress, self._folder, self._shown = on_progress, folder, -math.inf

    def say(self, message: str) -> None:
        """Of interest to those who turn the log on."""
        _LOG.info("%s", self._folder.leave_out(message))

    def warn(self, message: str) -> None:
        """Shown by Python, unless its log is set otherwise."""
        _LOG.warning("%s", self._folder.leave_out(message))

    def show(self, state: object) -> None:
        """What the next call replaces."""
        if self._on_progress and time.monotonic() - self._shown >= REFRESH:
            self._shown = time.monotonic()
            self._on_progress(state)


def find_model(name: str) -> Model:
    """A model by its name; W2VError where there is none."""
    if name not in models():
        raise W2VError(f"--model {name}: no such model; there are {', '.join(models())}")
    return models()[name]


def build_run(
    paths: Sequence[str],
    output: str,
    model: Model,
    given: Mapping[str, Any],
    console: Console,
    stack: ExitStack,
    temporary: bool = False,
) -> TrainingRun:
    """A run.

    paths      texts; `-` is stdin
    output     the file to write
    given      settings by their names, of the texts, of the run and of the model, in the types of
               the command line or in Python's; None, and what is not there, are the defaults
    console    where messages go
    stack      what ends the connection to a cluster, if the run goes to one
    temporary  whether the output is gone soon, so that a checkpoint would be of no use
    Raises     W2VError where these are not settings of the model, or contradict each other
    """
    from w2v.runs.messages import Messages
    from w2v.runs.run import TrainingRun

    request = _make_request(paths, output, model, given, temporary)
    return TrainingRun(request, _make_executor(request, stack), Messages(console, request))


def _make_request(
    paths: Sequence[str], output: str, model: Model, given: Mapping[str, Any], temporary: bool
) -> Request:
    from w2v.runs.request import Request

    chosen = _named(model, {name: value for name, value in given.items() if value is not None})
    if chosen.get("cluster"):
        chosen["deterministic"] = True
    if not chosen.get("deterministic"):
        for name in {"shards", "round_words"} & chosen.keys():
            raise W2VError(f"{option_name(name)} is for --deterministic")
    initial = _initial_vectors(chosen)
    if initial:
        chosen = {"dim": initial.dim, **initial.settings, **chosen}
    kinds = model.settings, TextSettings, RunSettings, DocumentSettings
    options, text, run, documents = split_settings(chosen, *kinds)
    documents = documents if model.reads_documents(options) else None
    return Request(paths, output, model, options, text, run, documents, initial, temporary)


def _make_executor(request: Request, stack: ExitStack) -> Executor:
    """How the run of a request is carried out, here or on a cluster.

    Raises W2VError where Dask is not installed, no cluster answers, or the model cannot go there
    """
    from w2v.runs.executors import local_executor

    if not request.run.cluster:
        return local_executor(request)
    if not request.model.distributed:
        raise W2VError(f"--cluster is not for --model {request.model.name}: train it without")
    try:
        from w2v.cluster.connection import Cluster
        from w2v.cluster.executor import cluster_executor
    except ModuleNotFoundError as error:
        raise W2VError(f"--cluster needs {error.name}: pip install 'w2v[cluster]'") from None
    request.check()  # before workers are asked for
    return cluster_executor(request, stack.enter_context(Cluster(request.run.cluster)))


def _named(model: Model, given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by our names; W2VError for a name that is no setting of the model."""
    kinds = RunSettings, *model.settings_classes
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
            if any(field.name == name for kind in each.settings_classes for field in fields(kind))
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


def _initial_vectors(chosen: Mapping[str, Any]) -> InitialVectors | None:
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
    if not chosen_path:
        return None
    from w2v.runs.initial_vectors import InitialVectors

    return InitialVectors(chosen_path, bool(update))


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
    if not model.updatable:
        advice = "train it anew on all texts"
        if model.is_network:
            advice += ", or start from its words' vectors by --init"
        elif "documents.matrix" in tensors:
            advice += ", or give new documents vectors by w2v infer"
        raise W2VError(
            f"{name_of(path)} is a model of --model {model.name}, which cannot be updated: {advice}"
        )
