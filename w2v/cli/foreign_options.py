"""Translating command lines of word2vec.c, fastText and older versions into current options."""

from __future__ import annotations

from w2v.errors import W2VError
from w2v.system import packing

_SAME = {
    "-output": "--output", "-size": "--dim", "-dim": "--dim", "-window": "--window",
    "-ws": "--window", "-sample": "--sample", "-t": "--sample", "-negative": "--negative",
    "-neg": "--negative", "-threads": "--threads", "-thread": "--threads", "-iter": "--epochs",
    "-epoch": "--epochs", "-min-count": "--min-count", "-minCount": "--min-count",
    "-alpha": "--lr", "-lr": "--lr", "-save-vocab": "--save-vocab", "-read-vocab": "--read-vocab",
    "-seed": "--seed", "-pretrainedVectors": "--init",
}  # fmt: skip
_TEXTS = ("-train", "-input")  # the training text, in word2vec.c and in fastText
_MODELS = {"0": "skipgram", "1": "cbow"}  # the model for each value of -cbow
# Ignored: -bucket sets the size of fastText's table of subwords, and there are no subwords here;
# -lrUpdateRate sets how often threads update the learning rate.
_NO_EFFECT = ("-bucket", "-lrUpdateRate")
_READ_HERE = ("-cbow", "-binary", "-debug", "-verbose")
# For each option the only value that is supported, and the error message for all others.
_REFUSED = {
    "-hs": ("0", "hierarchical softmax is not supported: leave out -hs, and use -negative 5"),
    "-classes": (
        "0",
        "clustering is not supported: w2v convert VECTORS x.npy, and k-means on x.npy",
    ),
    "-loss": ("ns", "only negative sampling is supported: use -loss ns"),
    "-minn": ("0", "subword vectors are not supported: use -minn 0"),
    "-maxn": ("0", "subword vectors are not supported: use -maxn 0"),
    "-wordNgrams": ("1", "word n-grams are not supported: join frequent phrases with w2v phrases"),
}
_THEIRS = {*_SAME, *_TEXTS, *_NO_EFFECT, *_READ_HERE, *_REFUSED}


def translated(args: list[str]) -> list[str]:
    """Translate arguments of `w2v train`, which may be options of word2vec.c or fastText.

    Only the exact names of their options, with one dash, are replaced: `-size 200` by `--dim 200`.
    Raises W2VError for an option that is not supported, and if -binary contradicts the suffix of
    -output.
    """
    args = _renamed(args)
    if not _THEIRS & {*args}:
        return args
    ours: list[str] = []
    theirs: dict[str, str] = {}
    texts: list[str] = []
    rest = iter(args)
    for arg in rest:
        if arg == "--":
            ours += [arg, *rest]
        elif arg not in _THEIRS:
            ours.append(arg)
        else:
            value = next(rest, None)
            if value is None:
                raise W2VError(f"{arg} needs a value")
            if arg in theirs and arg not in _TEXTS:
                raise W2VError(f"{arg} is given twice: leave one out")
            theirs[arg] = value
            texts += [value] * (arg in _TEXTS)
    for option, value in theirs.items():
        if option in _REFUSED and value != _REFUSED[option][0]:
            raise W2VError(f"{option} {value}: {_REFUSED[option][1]}")
    _check_output(theirs)
    model = _model(theirs, ours)
    options = [part for name in theirs if name in _SAME for part in (_SAME[name], theirs[name])]
    quiet = "0" in (theirs.get("-debug"), theirs.get("-verbose"))
    return [*model, *options, *["--quiet"] * quiet, *ours, *texts]


def _renamed(args: list[str]) -> list[str]:
    """Translate options of a model that was renamed: `--model lsa --context window` is now ppmi."""
    if not any(arg.partition("=")[0] == "--context" for arg in args):
        return args
    from w2v.models.ppmi import renamed

    end = args.index("--") if "--" in args else len(args)
    given: dict[str, str] = {}
    others: list[str] = []
    rest = iter(args[:end])
    for arg in rest:
        name, equals, value = arg.partition("=")
        if name in ("--model", "--context", "--topics"):
            given[name[2:]] = value if equals else next(rest, "")
        else:
            others.append(arg)
    model, settings = renamed(given.pop("model", ""), given)
    if "context" in settings:
        return args
    ours = [part for name, value in settings.items() for part in (f"--{name}", value)]
    return ["--model", model, *ours, *others, *args[end:]]


def _model(theirs: dict[str, str], ours: list[str]) -> list[str]:
    """Return the option --model for a command line of word2vec.c or fastText, or no arguments.

    word2vec.c trains CBOW by default. fastText names its model in the first argument.
    """
    if "-input" in theirs and ours[:1] in (["skipgram"], ["cbow"]):
        return ["--model", ours.pop(0)]
    if "-input" in theirs and ours[:1] == ["supervised"]:
        raise W2VError("supervised: train a classifier with w2v train TEXTS --model mlp")
    cbow = theirs.get("-cbow", "1" if "-train" in theirs else None)
    if cbow is None or any(arg.partition("=")[0] == "--model" for arg in ours):
        return []
    if cbow not in _MODELS:
        raise W2VError(f"-cbow {cbow}: expected 1 for CBOW or 0 for skip-gram")
    return ["--model", _MODELS[cbow]]


def _check_output(theirs: dict[str, str]) -> None:
    """Raise W2VError if the output would not have the format that the options ask for."""
    output, binary = theirs.get("-output"), theirs.get("-binary")
    if "-save-vocab" in theirs and "-train" in theirs and output is None:
        text, counts = theirs["-train"], theirs["-save-vocab"]
        raise W2VError(
            f"-save-vocab without -output: to only count words, use w2v vocab {text} -o {counts}"
        )
    if output is None or binary is None:
        return
    is_binary = packing.plain_name(output).lower().endswith(".bin")
    if is_binary != (binary != "0"):
        suffix = ".txt" if is_binary else ".bin"
        raise W2VError(
            f"-binary {binary} -output {output}: the suffix sets the format: name a {suffix} file"
        )
