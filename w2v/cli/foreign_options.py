"""Command lines of word2vec.c and fastText, and our own former ones, in today's options."""

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
_TEXTS = ("-train", "-input")  # of word2vec.c, of fastText
_MODELS = {"0": "skipgram", "1": "cbow"}  # by -cbow
_NO_EFFECT = ("-bucket", "-lrUpdateRate")  # without subwords; how often a rate is set
_READ_HERE = ("-cbow", "-binary", "-debug", "-verbose")
_REFUSED = {
    "-hs": ("0", "hierarchical softmax is not offered; leave it out and say -negative 5"),
    "-classes": ("0", "classes are not made; cluster the vectors: w2v convert VECTORS x.npy"),
    "-loss": ("ns", "only negative sampling is offered: -loss ns"),
    "-minn": ("0", "vectors of subwords are not offered: -minn 0"),
    "-maxn": ("0", "vectors of subwords are not offered: -maxn 0"),
    "-wordNgrams": ("1", "no n-grams of words; w2v phrases joins what belongs together"),
}
_THEIRS = {*_SAME, *_TEXTS, *_NO_EFFECT, *_READ_HERE, *_REFUSED}


def translated(args: list[str]) -> list[str]:
    """Arguments of `w2v train` that may be those of word2vec.c or of `fasttext skipgram`.

    Only exactly their options, with one dash, are replaced: `-size 200` by `--dim 200`. W2VError
    for what is not offered, and where -binary and the suffix of -output contradict each other.
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
    """Options of a model that had another name: `--model lsa --context window`."""
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
    """Which model they mean: CBOW is word2vec.c's default; fastText's is named first."""
    if "-input" in theirs and ours[:1] in (["skipgram"], ["cbow"]):
        return ["--model", ours.pop(0)]
    if "-input" in theirs and ours[:1] == ["supervised"]:
        raise W2VError("supervised: w2v train TEXTS --model mlp learns labels; see its --help")
    cbow = theirs.get("-cbow", "1" if "-train" in theirs else None)
    if cbow is None or any(arg.partition("=")[0] == "--model" for arg in ours):
        return []
    if cbow not in _MODELS:
        raise W2VError(f"-cbow {cbow}: expected 1, or 0 for skip-gram")
    return ["--model", _MODELS[cbow]]


def _check_output(theirs: dict[str, str]) -> None:
    """W2VError where the output would not be of the format that is asked for."""
    output, binary = theirs.get("-output"), theirs.get("-binary")
    if "-save-vocab" in theirs and "-train" in theirs and output is None:
        text, counts = theirs["-train"], theirs["-save-vocab"]
        raise W2VError(f"-save-vocab without -output: w2v vocab {text} -o {counts}")
    if output is None or binary is None:
        return
    is_binary = packing.plain_name(output).lower().endswith(".bin")
    if is_binary != (binary != "0"):
        suffix = ".txt" if is_binary else ".bin"
        raise W2VError(
            f"-binary {binary} -output {output}: the suffix picks the format; name it {suffix}"
        )
