"""What the benchmarks of topic models share: the same tokens for all, peers, one judge.

A peer gets the tokens as w2v has chosen them, as Python lists, made before its clock starts; its
time is that of training alone. From its p(word | topic) and its prior the same functions compute
held-out perplexity (`w2v perplexity`'s document completion) and NPMI (of `w2v topics`: 10 words of
a topic, the documents of the training).
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
    """What a model costs and gives: seconds of training, of the whole command if it is ours."""

    seconds: float
    perplexity: float
    npmi: float
    whole: float = 0.0


def prepare(folder: Path, train: Path, test: Path, options: dict[str, object]) -> None:
    """Write the tokens of both texts as w2v takes them with some options: train.npz, test.npz."""
    import numpy as np

    from w2v.factorization import term_matrix
    from w2v.settings import DocumentSettings, TermSettings, TextSettings
    from w2v.text.encode import open_corpus, read, read_as

    def dealt(kind: type) -> object:
        return kind(**{k: v for k, v in options.items() if k in kind.__dataclass_fields__})

    text, documents, chosen = map(dealt, (TextSettings, DocumentSettings, TermSettings))
    vocabulary, held = read(open_corpus([str(train)], text, documents), text, lambda tokens: None)
    size = len(vocabulary.names)
    kept = term_matrix.choose(vocabulary, term_matrix.count_terms(held, size), chosen)
    found = term_matrix.encode_terms(held, kept, size)
    np.savez(folder / "train", words=found.words, starts=found.starts, size=kept.size)
    print(f"{kept.size:,} terms, {found.words.size:,} tokens", file=sys.stderr)
    new, _ = read_as(
        open_corpus([str(test)], text, documents), [vocabulary.names[row] for row in kept]
    )
    found = term_matrix.encode_terms(new, np.arange(kept.size), kept.size)
    np.savez(folder / "test", words=found.words, starts=found.starts)


def theirs(peer: str, folder: Path, topics: int, epochs: int, seed: int) -> Judged:
    """Train and judge a peer."""
    options = json.dumps({"topics": topics, "epochs": epochs, "seed": seed})
    done = run(
        PEERS, "-W", "ignore", "-c", START + PROGRAMS[peer], folder, folder / "peer", options
    )
    return Judged(json.loads(done.out.splitlines()[-1]), *judge(folder, folder / "peer.npz"))


def ours(train: Path, folder: Path, options: dict[str, object]) -> Judged:
    """`w2v train --model lda` on a text."""
    import time

    command = [Path(sys.executable).with_name("w2v"), "train", train, "--model", "lda"]
    for name, value in {"threads": 2, **options}.items():
        command += [f"--{name.replace('_', '-')}", *([] if value is True else [value])]
    began = time.monotonic()
    said = subprocess.run(
        [*map(str, command), "-o", str(folder / "x.safetensors")],
        env=environment(), check=True, stderr=subprocess.PIPE, text=True,
    ).stderr  # fmt: skip
    whole = time.monotonic() - began
    [seconds] = re.findall(r"trained .* in ([\d.]+) s:", said)
    return Judged(float(seconds), *judge(folder, folder / "x.safetensors"), whole)


def judge(folder: Path, found: Path) -> tuple[float, float]:
    """Held-out perplexity and mean NPMI, in a process of its own: see `contest.aside`."""
    done = run(sys.executable, __file__, folder, found)
    return tuple(json.loads(done.out))


def main(folder: str, found: str) -> None:
    """Judge what stands in a file."""
    import numpy as np

    from w2v.embeddings import container
    from w2v.factorization.term_matrix import EncodedTerms
    from w2v.topics import coherence, lda, perplexity
    from w2v.topics.topic_words import top_words

    if found.endswith(".npz"):
        with np.load(found) as held:
            topic_words, alpha = held["topic_words"], held["alpha"]
    else:
        listing = lda.read_topics(container.read(found)[0])
        topic_words, alpha = listing.weights, listing.alpha
    train, test = (np.load(f"{folder}/{name}.npz") for name in ("train", "test"))
    scored = perplexity.document_completion(
        EncodedTerms(test["words"], test["starts"]), topic_words, alpha, 2
    )
    tops = top_words(topic_words, coherence.TOP_WORDS)
    judged = coherence.measure_coherence(EncodedTerms(train["words"], train["starts"]), tops)
    npmi = float(np.mean([topic.npmi for topic in judged if topic.npmi is not None]))
    print(json.dumps([scored.perplexity, npmi]))


if __name__ == "__main__":
    main(*sys.argv[1:])
