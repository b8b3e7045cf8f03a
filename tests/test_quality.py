"""Floors for vectors of real text, well below what seeds differ by; slow: `make test-slow`."""

import json

import pytest

from w2v.models import models

# analogies in per cent, WordSim-353, SimLex-999: the README's means less 5 standard deviations
FLOORS = {"skipgram": (35.7, 0.616, 0.288), "cbow": (32.7, 0.613, 0.236)}


def test_every_model_of_words_has_its_floors():
    assert FLOORS.keys() == {name for name, model in models().items() if not model.inference}


@pytest.mark.slow
@pytest.mark.parametrize("model", FLOORS)
def test_vectors_of_wikipedia_answer_as_well_as_they_did(w2v, data, folder, model):
    trained = w2v("train", data / "enwiki100m.txt.gz", "--model", model, "-o", "x.safetensors")
    assert trained.code == 0
    assert "67,873 of 219,525 words" in trained.err

    questions = ("analogies", data / "questions-words.txt", "--restrict", 30000)
    total = json.loads(
        w2v("evaluate", *questions, "-v", "x.safetensors", "--json").out.splitlines()[-1]
    )
    assert total["answerable"] == 11911
    pairs = [data / "similarity" / f"{name}.tsv" for name in ("ws353", "simlex999")]
    rows = w2v("evaluate", "similarity", *pairs, "-v", "x.safetensors", "--json").out.splitlines()
    found = (100 * total["accuracy"], *(json.loads(row)["spearman"] for row in rows))
    print(model, trained.err, found)
    assert all(score >= floor for score, floor in zip(found, FLOORS[model], strict=True)), found
