"""The fingerprint of a text depends on its bytes, and on nothing else."""

import random
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest

from w2v.text import text_digest
from w2v.text.text_digest import TextDigest, leaf_digest, root_digest

TEXT = random.Random(1).randbytes(1000)


def naive(text, leaf):
    digests = [sha256(text[at : at + leaf]).digest() for at in range(0, len(text), leaf)]
    return sha256(b"".join(digests)).hexdigest()


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 200, 999, 1000])
@pytest.mark.parametrize("threads", [0, 3])
def test_any_blocks_give_the_hash_of_the_hashes_of_leaves(monkeypatch, size, threads):
    monkeypatch.setattr(text_digest, "LEAF", 100)
    rng, text = random.Random(size), TEXT[:size]
    pool = ThreadPoolExecutor(threads) if threads else None
    for longest in (1, 7, 100, 350, 1000):
        digest, at = TextDigest(pool), 0
        while at < size:
            step = rng.randint(0, longest)
            digest.update(text[at : at + step])
            at += step
        assert digest.hexdigest() == naive(text, 100)
    if pool:
        pool.shutdown()


def test_the_parts_of_a_fingerprint_can_be_computed_apart():
    leaves = [[TEXT[:400], b"", TEXT[400:500]], [TEXT[500:]]]
    assert root_digest(map(leaf_digest, leaves)) == naive(TEXT, 500)
