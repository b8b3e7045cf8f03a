"""Proposals of settings: ranges, what is fixed, no choice twice, the same for the same seed."""

import math
from dataclasses import fields

import pytest

from w2v.classifier_settings import ClassifierSettings
from w2v.models import models
from w2v.runs.setting_proposals import SEARCHED, VALUES, Proposals
from w2v.setting_fields import check
from w2v.settings import RunSettings, TextSettings

DEFAULTS = {
    **{field.name: field.default for kind in (TextSettings, ClassifierSettings)
       for field in fields(kind) if field.name in SEARCHED},
    "min_count": models()["nbow"].min_count,
}  # fmt: skip


def propose(number, fixed=(), seed=1, best=lambda choice, best: best, rate=0.05, defaults=DEFAULTS):
    """Up to so many proposals; best(choice, best) decides which choice is the best so far."""
    proposals, found, champion = Proposals(defaults, fixed, rate, seed), [], defaults
    while len(found) < number and (choice := proposals.propose(champion)) is not None:
        found.append(choice)
        champion = best(choice, champion)
    return found


def test_each_value_is_one_that_the_setting_may_have():
    for name, values in VALUES.items():
        assert DEFAULTS[name] in values
        assert sorted(values) == list(values) or isinstance(values[0], str)
    for choice in propose(300, best=lambda choice, best: choice):
        assert choice.keys() == {*SEARCHED}
        options = {name: value for name, value in choice.items() if name != "min_count"}
        settings = ClassifierSettings(**options)
        check(settings)
        settings.check_together(RunSettings())
        check(TextSettings(min_count=choice["min_count"]))


def test_what_is_fixed_never_changes():
    fixed = {"lr", "word_ngrams", "min_count", "dropout"}
    defaults = {**DEFAULTS, "lr": 0.3, "word_ngrams": "2", "min_count": 7, "dropout": 0.05}
    found = propose(200, fixed, best=lambda choice, best: choice, defaults=defaults)
    assert all(choice[name] == defaults[name] for choice in found for name in fixed)
    changed = {name for choice in found for name in choice if choice[name] != defaults[name]}
    assert changed == {*SEARCHED} - fixed


def test_no_choice_comes_twice_and_word_ngrams_come_first():
    found = propose(200)
    assert found[0] == {**DEFAULTS, "word_ngrams": "1-2"}
    keys = [tuple(choice.items()) for choice in found]
    assert len({*keys}) == len(keys) == 200
    assert tuple(DEFAULTS.items()) not in keys
    # Without word n-grams their minimum count has no effect, so no choice differs only in it.
    plain = [{**choice, "ngram_min_count": 0} for choice in found if choice["word_ngrams"] == "1"]
    assert len({tuple(choice.items()) for choice in plain}) == len(plain)


def test_the_first_changes_add_up_if_they_are_good():
    better = propose(2, best=lambda choice, best: choice)
    assert better[1] == {**DEFAULTS, "word_ngrams": "1-2", "epochs": 12, "dropout": 0.3}
    worse = propose(2)
    assert worse[1] == {**DEFAULTS, "epochs": 12, "dropout": 0.3}


def test_few_choices_are_all_found_and_then_there_are_no_more():
    fixed = {*SEARCHED} - {"feature_rates", "dim"}
    found = propose(100, fixed)
    assert len(found) == len(VALUES["feature_rates"]) * len(VALUES["dim"]) - 1
    assert propose(100, SEARCHED) == []


def test_the_seed_decides_the_sequence():
    assert propose(60, seed=3) == propose(60, seed=3)
    assert propose(60, seed=3) != propose(60, seed=4)


@pytest.mark.parametrize("rate", [0.05, 0.5, 0.05 * math.sqrt(176 / 2)])
def test_learning_rates_are_near_the_default_and_short(rate):
    rates = Proposals(DEFAULTS, (), rate, 1).values["lr"]
    known = [rate if value is None else value for value in rates]
    assert known == sorted(known)
    assert rates.count(None) == 1
    assert known[0] == pytest.approx(rate / 8, rel=0.05)
    assert known[-1] == pytest.approx(rate * 8, rel=0.05)
    assert all(len(str(value)) <= 7 for value in rates if value is not None)


def test_each_setting_is_tried_at_each_of_its_values():
    found = propose(2000, best=lambda choice, best: choice)
    for name, values in Proposals(DEFAULTS, (), 0.05, 1).values.items():
        assert {choice[name] for choice in found} == {*values}, name
