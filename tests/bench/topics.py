"""Shared by the benchmarks of topic models: the same tokens, the peers, and the same evaluation.

A peer gets the tokens of w2v as Python lists, which are made before its time is taken; its time is
that of training alone. The same functions evaluate all programs, from p(word | topic) and the prior
alpha. They compute the held-out perplexity by document completion, as `w2v perplexity` does, and
NPMI as `w2v topics` does, with 10 words of each topic and the training documents.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from contest import PEERS, environment, run

START = """
import json, sys, time
import numpy as np
folder, out, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
held = np.load(folder + "/train.npz")
words, starts, size = held["words"], held["starts"], int(held["size"])
documents = [words[a:b].tolist() for a, b in zip(starts, starts[1:])]
K, seed = options["topics"], options["seed"]
def end(seconds, topic_words, alpha):
    np.savez(out, topic_words=topic_words.astype(np.float32), alpha=np.asarray(alpha, np.float32))
    print(json.dumps(seconds))
"""
TOMOTOPY = """
import tomotopy
model = tomotopy.LDAModel(k=K, seed=seed)
for document in documents:
    if document:
        model.add_doc([str(word) for word in document])
model.train(0)
began = time.perf_counter()
model.train(options["epochs"], workers=2)
seconds = time.perf_counter() - began
found = np.full((size, K), 1e-9)
order = np.array([int(word) for word in model.used_vocabs])
for k in range(K):
    found[order, k] = model.get_topic_word_dist(k)
end(seconds, found, model.alpha)
"""
GENSIM = """
from collections import Counter
from gensim.models import LdaMulticore
bags = [sorted(Counter(document).items()) for document in documents]
names = {word: str(word) for word in range(size)}
began = time.perf_counter()
model = LdaMulticore(bags, num_topics=K, id2word=names, workers=2, passes=options["epochs"],
                     alpha=0.1, eta=0.01, random_state=seed)
end(time.perf_counter() - began, model.get_topics().T, model.alpha)
"""
SKLEARN = """
from scipy.sparse import csr_matrix
from sklearn.decomposition import LatentDirichletAllocation
matrix = csr_matrix((np.ones(words.size), words, starts), shape=(len(documents), size))
matrix.sum_duplicates()
began = time.perf_counter()
model = LatentDirichletAllocation(
    K, learning_method="online", batch_size=1000, max_iter=options["epochs"], doc_topic_prior=0.1,
    topic_word_prior=0.01, random_state=seed).fit(matrix)
found = model.components_ / model.components_.sum(axis=1, keepdims=True)
end(time.perf_counter() - began, found.T, np.full(K, 0.1))
"""
PROGRAMS = {"tomotopy": TOMOTOPY, "gensim": GENSIM, "scikit-learn": SKLEARN}


class Judged(NamedTuple):
    """A trained model: seconds of training, scores, and seconds of the whole command of w2v."""

    seconds: float
    perplexity: float
    npmi: float
    whole: float = 0.0


def prepare(folder: Path, train: Path, test: Path, options: dict[str, object]) -> None:
    """Encode both texts as w2v does with some options; write train.npz and test.npz."""
    import numpy as np

    from w2v.factorization import term_matrix
    from w2v.settings import DocumentSettings, TermSettings, TextSettings
    from w2v.text.encode import open_corpus, read, read_as

    def settings_of(kind: type) -> object:
        return kind(**{k: v for k, v in options.items() if k in kind.__dataclass_fields__})

    text, documents, terms = map(settings_of, (TextSettings, DocumentSettings, TermSettings))
    vocabulary, encoded = read(
        open_corpus([str(train)], text, documents), text, lambda tokens: None
    )
    size = len(vocabulary.names)
    kept = term_matrix.choose(vocabulary, term_matrix.count_terms(encoded, size), terms)
    train_terms = term_matrix.encode_terms(encoded, kept, size)
    np.savez(folder / "train", words=train_terms.words, starts=train_terms.starts, size=kept.size)
    print(f"{kept.size:,} terms, {train_terms.words.size:,} tokens", file=sys.stderr)
    encoded, _ = read_as(
        open_corpus([str(test)], text, documents), [vocabulary.names[row] for row in kept]
    )
    test_terms = term_matrix.encode_terms(encoded, np.arange(kept.size), kept.size)
    np.savez(folder / "test", words=test_terms.words, starts=test_terms.starts)


def theirs(peer: str, folder: Path, topics: int, epochs: int, seed: int) -> Judged:
    """Train and evaluate a peer."""
    options = json.dumps({"topics": topics, "epochs": epochs, "seed": seed})
    done = run(
        PEERS, "-W", "ignore", "-c", START + PROGRAMS[peer], folder, folder / "peer", options
    )
    return Judged(json.loads(done.out.splitlines()[-1]), *judge(folder, folder / "peer.npz"))


def ours(train: Path, folder: Path, options: dict[str, object]) -> Judged:
    """Train with `w2v train --model lda` and evaluate the model."""
    import time

    command = [Path(sys.executable).with_name("w2v"), "train", train, "--model", "lda"]
    for name, value in {"threads": 2, **options}.items():
        command += [f"--{name.replace('_', '-')}", *([] if value is True else [value])]
    began = time.monotonic()
    report = subprocess.run(
        [*map(str, command), "-o", str(folder / "x.safetensors")],
        env=environment(), check=True, stderr=subprocess.PIPE, text=True,
    ).stderr  # fmt: skip
    whole = time.monotonic() - began
    [(minutes, seconds)] = re.findall(r"trained .* in (?:(\d+) min )?([\d.]+) s:", report)
    return Judged(
        60 * int(minutes or 0) + float(seconds), *judge(folder, folder / "x.safetensors"), whole
    )


def judge(folder: Path, model: Path) -> tuple[float, float]:
    """Held-out perplexity and mean NPMI, computed by this file in a process of its own.

    The reason for the process is in `contest.in_own_process`.
    """
    done = run(sys.executable, __file__, folder, model)
    return tuple(json.loads(done.out))


def main(folder: str, model: str) -> None:
    """Evaluate the model in a file: .npz of a peer, or a container of w2v."""
    import numpy as np

    from w2v.embeddings import container
    from w2v.factorization.term_matrix import EncodedTerms
    from w2v.topics import coherence, lda, perplexity
    from w2v.topics.topic_words import top_words

    if model.endswith(".npz"):
        with np.load(model) as arrays:
            topic_words, alpha = arrays["topic_words"], arrays["alpha"]
    else:
        listing = lda.read_topics(container.read(model)[0])
        topic_words, alpha = listing.weights, listing.alpha
    train, test = (np.load(f"{folder}/{name}.npz") for name in ("train", "test"))
    scored = perplexity.document_completion(
        EncodedTerms(test["words"], test["starts"]), topic_words, alpha, 2
    )
    tops = top_words(topic_words, coherence.TOP_WORDS)
    coherences = coherence.measure_coherence(EncodedTerms(train["words"], train["starts"]), tops)
    npmi = float(np.mean([topic.npmi for topic in coherences if topic.npmi is not None]))
    print(json.dumps([scored.perplexity, npmi]))


if __name__ == "__main__":
    main(*sys.argv[1:])
