"""Translating command lines of word2vec.c, fastText and older versions into current options."""

from __future__ import annotations

import shlex

from w2v.errors import W2VError
from w2v.system import packing

# The option of w2v for each option of word2vec.c or fastText.
_EQUIVALENTS = {
    "-output": "--output", "-size": "--dim", "-dim": "--dim", "-window": "--window",
    "-ws": "--window", "-sample": "--sample", "-t": "--sample", "-negative": "--negative",
    "-neg": "--negative", "-threads": "--threads", "-thread": "--threads", "-iter": "--epochs",
    "-epoch": "--epochs", "-min-count": "--min-count", "-minCount": "--min-count",
    "-alpha": "--lr", "-lr": "--lr", "-save-vocab": "--save-vocab", "-read-vocab": "--read-vocab",
    "-seed": "--seed", "-pretrainedVectors": "--init", "-autotune-validation": "--valid",
    "-autotune-duration": "--time",
}  # fmt: skip
_TEXT_OPTIONS = ("-train", "-input")  # the training text, in word2vec.c and in fastText
_MODELS = {"0": "skipgram", "1": "cbow"}  # the model for each value of -cbow
_IGNORED = ("-lrUpdateRate",)  # how often threads update the learning rate
_DURATION = "300"  # fastText's default of -autotune-duration, in seconds
_LOSSES = {"one-vs-all": "ova"}  # fastText's other name of a loss
# fastText's options of n-grams, and their defaults for skipgram and cbow.
_SUBWORDS = {"-minn": "3", "-maxn": "6", "-bucket": "2000000"}
# Options whose values `translated` interprets itself.
_CHECKED_BY_VALUE = ("-cbow", "-binary", "-debug", "-verbose", "-hs", "-loss", *_SUBWORDS)
# For each option the only value that is supported, and the error message for all others.
_UNSUPPORTED = {
    "-classes": (
        "0",
        "clustering is not supported: write an array with w2v convert VECTORS x.npy, and run "
        "k-means on x.npy",
    ),
    "-label": (
        "__label__",
        "word vectors are trained without labels: leave out -label; w2v train TEXTS --model nbow "
        "trains a classifier, with labels that begin with __label__",
    ),
    "-minCountLabel": (
        "0",
        "word vectors are trained without labels: leave out -minCountLabel",
    ),
    "-saveOutput": (
        "0",
        "use an -output that ends in .safetensors, which keeps the output vectors, and leave out "
        "-saveOutput",
    ),
    "-autotune-metric": (
        "f1",
        "--time compares settings by accuracy or F1: use f1, or f1: and a label",
    ),
    "-autotune-modelsize": (
        "",
        "the search does not limit the size: leave out the option; w2v convert MODEL SMALL "
        "--dtype i8 makes a classifier smaller",
    ),
    "-wordNgrams": ("1", "word n-grams are not supported: join frequent phrases with w2v phrases"),
}
# As _UNSUPPORTED, for the classifiers of `fasttext supervised`.
_UNSUPPORTED_LABELS = {
    "-label": (
        "__label__",
        "labels begin with __label__: write it in place of {value} in the texts, and leave out "
        "-label",
    ),
    "-minCountLabel": (
        "0",
        "all labels are kept: remove the lines of rare labels from the texts, and leave out "
        "-minCountLabel",
    ),
}
_FOREIGN_OPTIONS = {*_EQUIVALENTS, *_TEXT_OPTIONS, *_IGNORED, *_CHECKED_BY_VALUE, *_UNSUPPORTED}


def translated(args: list[str]) -> list[str]:
    """Translate arguments of `w2v train`, which may be options of word2vec.c or fastText.

    Only exact names of foreign options, with one dash, are replaced: `-size 200` by `--dim 200`.
    Raises W2VError for an option that is not supported, and if -binary contradicts the suffix of
    -output.
    """
    args = _with_value(_renamed(args))
    if not _FOREIGN_OPTIONS & {*args}:
        return args
    own_args: list[str] = []
    foreign_values: dict[str, str] = {}
    texts: list[str] = []
    remaining_args = iter(args)
    for arg in remaining_args:
        if arg == "--":
            own_args += [arg, *remaining_args]
        elif arg not in _FOREIGN_OPTIONS:
            own_args.append(arg)
        else:
            value = next(remaining_args, None)
            if value is None:
                raise W2VError(f"{arg} needs a value")
            if arg in foreign_values and arg not in _TEXT_OPTIONS:
                raise W2VError(f"{arg} is given twice: leave one out")
            foreign_values[arg] = value
            if arg in _TEXT_OPTIONS:
                texts.append(value)
    model = _model(foreign_values, own_args)
    for option, value in foreign_values.items():
        if option in _UNSUPPORTED and value != _UNSUPPORTED[option][0]:
            raise W2VError(f"{option} {value}: {_UNSUPPORTED[option][1]}")
    _check_output(foreign_values)
    loss = _loss(foreign_values)
    model += _subwords(foreign_values, own_args, bool(model)) + loss
    options = [
        part
        for name in foreign_values
        if name in _EQUIVALENTS
        for part in (_EQUIVALENTS[name], foreign_values[name])
    ]
    if "0" in (foreign_values.get("-debug"), foreign_values.get("-verbose")):
        options.append("--quiet")
    return [*model, *options, *own_args, *texts]


def _with_value(args: list[str]) -> list[str]:
    """Give fastText's -saveOutput the value 1, if it has none: its value may be left out."""
    end = args.index("--") if "--" in args else len(args)
    if "-saveOutput" not in args[:end]:
        return args
    after = args.index("-saveOutput") + 1
    return (
        args if args[after : after + 1] in (["0"], ["1"]) else [*args[:after], "1", *args[after:]]
    )


def _renamed(args: list[str]) -> list[str]:
    """Translate options of a model that was renamed: `--model lsa --context window` is now ppmi."""
    if not any(arg.partition("=")[0] == "--context" for arg in args):
        return args
    from w2v.models.ppmi import renamed

    end = args.index("--") if "--" in args else len(args)
    old_options: dict[str, str] = {}
    others: list[str] = []
    remaining_args = iter(args[:end])
    for arg in remaining_args:
        name, equals, value = arg.partition("=")
        if name in ("--model", "--context", "--topics"):
            old_options[name[2:]] = value if equals else next(remaining_args, "")
        else:
            others.append(arg)
    model, settings = renamed(old_options.pop("model", ""), old_options)
    if "context" in settings:
        return args
    options = [part for name, value in settings.items() for part in (f"--{name}", value)]
    return ["--model", model, *options, *others, *args[end:]]


def _model(foreign_values: dict[str, str], own_args: list[str]) -> list[str]:
    """Return the option --model for a command line of word2vec.c or fastText, or no arguments.

    word2vec.c trains CBOW by default. In fastText the first argument is the name of the model; it
    is removed from `own_args`.
    """
    if "-input" in foreign_values and own_args[:1] in (["skipgram"], ["cbow"]):
        return ["--model", own_args.pop(0)]
    if "-input" in foreign_values and own_args[:1] == ["supervised"]:
        own_args.pop(0)
        return ["--model", "nbow", *_classifier(foreign_values)]
    cbow = foreign_values.get("-cbow", "1" if "-train" in foreign_values else None)
    if cbow is None or any(arg.partition("=")[0] == "--model" for arg in own_args):
        return []
    if cbow not in _MODELS:
        raise W2VError(f"-cbow {cbow}: expected 1 for CBOW or 0 for skip-gram")
    return ["--model", _MODELS[cbow]]


def _classifier(foreign_values: dict[str, str]) -> list[str]:
    """Return the options of a classifier for a command line of `fasttext supervised`.

    The options of fastText that only classifiers have are removed from `foreign_values`. With
    -autotune-validation, only the options that are given are fixed.
    """
    is_search = "-autotune-validation" in foreign_values
    options: list[str] = []
    if is_search:
        foreign_values.setdefault("-autotune-duration", _DURATION)
    if not is_search or "-wordNgrams" in foreign_values:
        options += ["--word-ngrams", foreign_values.pop("-wordNgrams", "1")]
    loss = foreign_values.pop("-loss", "softmax")
    for name, (supported, message) in _UNSUPPORTED_LABELS.items():
        value = foreign_values.pop(name, supported)
        if value != supported:
            raise W2VError(f"{name} {value}: {message.format(value=value)}")
    metric, _, label = foreign_values.get("-autotune-metric", "").partition(":")
    if metric == "f1" and label and is_search:
        del foreign_values["-autotune-metric"]
        options += ["--metric", f"f1:{label.removeprefix('__label__')}"]
    options += ["--loss", _LOSSES.get(loss, loss)]
    if foreign_values.get("-maxn", "0") == "0":  # the default of `supervised`
        options += ["--subwords", "none"] if is_search and "-maxn" in foreign_values else []
        foreign_values["-maxn"] = "0"
    return options


def _loss(foreign_values: dict[str, str]) -> list[str]:
    """Return the option --loss for a command line of word2vec.c or of fastText's word vectors.

    word2vec.c sums both losses if -negative, which is 5 by default, is not 0. fastText has one loss
    and ignores -neg with -loss hs. The number of negative samples is removed from `foreign_values`
    where the loss has none.
    """
    hs, loss = foreign_values.pop("-hs", "0"), foreign_values.pop("-loss", "ns")
    if loss not in ("ns", "hs"):
        raise W2VError(f"-loss {loss}: word vectors are trained with ns or hs: use one of them")
    if hs not in ("0", "1"):
        raise W2VError(f"-hs {hs}: expected 1 for hierarchical softmax or 0 for none")
    if hs == "1" and foreign_values.get("-negative", "5") != "0":
        raise W2VError(
            "-hs 1: word2vec.c adds negative samples to it, and w2v trains with one loss: add "
            "-negative 0, or leave out -hs"
        )
    if hs == "0" and loss == "ns":
        return []
    for name in ("-negative", "-neg"):
        foreign_values.pop(name, None)
    return ["--loss", "hs"]


def _subwords(foreign_values: dict[str, str], own_args: list[str], names_model: bool) -> list[str]:
    """Return the options --subwords and --buckets for a command line of fastText.

    fastText trains n-grams of 3 to 6 characters unless -maxn is 0. word2vec.c has no n-grams.

    names_model  whether the foreign command line names the model, as `skipgram -input` does
    """
    is_fasttext = "-input" in foreign_values and names_model
    own = {arg.partition("=")[0] for arg in own_args}
    if "--subwords" in own or not (is_fasttext or {*_SUBWORDS} & {*foreign_values}):
        return []
    first, last, buckets = (foreign_values.get(name, value) for name, value in _SUBWORDS.items())
    if last == "0":
        return []
    first = "1" if first == "0" else first
    options = ["--subwords", f"{first}-{last}"]
    return options if "--buckets" in own else [*options, "--buckets", buckets]


def _check_output(foreign_values: dict[str, str]) -> None:
    """Raise W2VError if -binary contradicts the suffix of -output, or if only words are counted."""
    output, binary = foreign_values.get("-output"), foreign_values.get("-binary")
    if "-save-vocab" in foreign_values and "-train" in foreign_values and output is None:
        text, counts = foreign_values["-train"], foreign_values["-save-vocab"]
        command = shlex.join(["w2v", "vocab", text, "-o", counts])
        raise W2VError(f"-save-vocab without -output: to only count words, use {command}")
    if output is None or binary is None:
        return
    is_binary = packing.plain_name(output).lower().endswith(".bin")
    if is_binary != (binary != "0"):
        suffix = ".txt" if is_binary else ".bin"
        raise W2VError(
            f"-binary {binary} -output {output}: the suffix sets the format: name a {suffix} file"
        )
