"""Which word n-grams of a text get a row."""

import numpy as np
import pytest
from helpers import compiled

from w2v.classifier_settings import ClassifierSettings
from w2v.system.packed_ids import PackedIds
from w2v.text.encoded_text import EncodedDocuments
from w2v.text_classification.features import Features

PAIRS = 9


@compiled
@pytest.mark.parametrize("counted", [0, 300])
@pytest.mark.parametrize("most", [1, 4, PAIRS])
def test_at_most_so_many_of_the_most_frequent_are_kept(most, counted):
    """Bytes count them up to 255; with more of these than may be kept they are counted again."""
    uses = np.random.default_rng(1).permutation(np.arange(PAIRS) + counted + 2)
    pairs = np.repeat(np.arange(PAIRS, dtype=np.int32), uses)
    ids = np.stack([2 * pairs, 2 * pairs + 1], axis=1).ravel()
    text = EncodedDocuments(
        PackedIds(ids), np.arange(0, ids.size + 1, 2), np.arange(pairs.size), []
    )
    names = [f"w{n}" for n in range(2 * PAIRS)]
    settings = ClassifierSettings(word_ngrams="1-2", max_ngrams=most)
    features = Features.found_in(names, text, settings)
    assert len(features.ngrams.kept) == most
    _, bounds = features.ngrams.rows_in(text, features.hashes, features.first_ngram)
    kept = np.unique(pairs[np.diff(bounds) > 0])
    np.testing.assert_array_equal(kept, np.sort(np.argsort(-uses)[:most]))
