"""The long lag: its tasks, its gradients, what it prints."""

import json

import numpy as np
import pytest
from helpers import COMPILED, check_gradients, compiled, compiled_only

from w2v.errors import W2VError
from w2v.networks.lag_experiment import DISTANCES, LagModel, Outcome, train_on_task
from w2v.networks.synthetic_tasks import LANGUAGES, WORDS, adding, lines, sentences

if not COMPILED:  # an evaluation would take longer than all else

    @pytest.fixture(autouse=True)
    def _few_rows(monkeypatch):
        monkeypatch.setattr("w2v.networks.lag_experiment.TEST_ROWS", 16)


def test_marked_numbers_add_up_and_chance_is_a_sixth():
    x, sums = adding(np.random.default_rng(1), 4000, 9)
    marks = x[:, :, 1]
    assert (marks.sum(axis=0) == 2).all()
    assert (marks[:4].sum(axis=0) == 1).all()
    np.testing.assert_allclose(sums, np.where(marks > 0, x[:, :, 0], 0).sum(axis=0), rtol=1e-6)
    assert np.mean((sums - 1) ** 2) == pytest.approx(1 / 6, abs=0.01)


def test_a_language_follows_from_the_country_alone():
    words, answers = sentences(np.random.default_rng(1), 400, 12)
    assert words.shape == (5 + 12 + 3, 400)
    for row in range(400):
        said = [WORDS[at] for at in words[:, row]]
        assert LANGUAGES[said[4]] == WORDS[answers[row]]
        assert not {*LANGUAGES, *LANGUAGES.values()} & {*said[5:]}
    assert len(set(answers)) == len(LANGUAGES)
    assert list(lines(1, 3, 2)) == list(lines(1, 3, 2))


@compiled_only
@pytest.mark.parametrize("variant", ["rnn tanh", "rnn relu identity", "lstm", "gru"])
@pytest.mark.parametrize("task", ["adding", "words"])
def test_gradients_of_a_student(task, variant):
    student = LagModel(task, variant, 4, 1, np.float64)
    make = adding if task == "adding" else sentences
    given, wanted = make(np.random.default_rng(3), 5, 4)
    given = given.astype(np.float64) if task == "adding" else given
    student.learn(given, wanted)
    layer = student.layer
    parameters = {**layer.parameters}
    check_gradients(
        lambda: student.learn(given, wanted),
        {name: layer.gradients[name].copy() for name in parameters},
        parameters,
    )
    assert student.gradient_norms().shape == (len(given) + 1,)


def test_reach_is_the_gradient_s_length_by_each_state():
    student = LagModel("adding", "rnn tanh", 4, 1, np.float64)
    x, sums = adding(np.random.default_rng(3), 5, 4)
    student.learn(x.astype(np.float64), sums)
    lengths = np.sqrt((student.layer.d_hidden**2).sum(axis=(1, 2)))
    np.testing.assert_allclose(student.gradient_norms(), lengths[::-1])


@compiled_only
def test_the_same_seed_gives_the_same_outcome():
    assert train_on_task("words", "lstm", 3, 2, 4, 1) == train_on_task("words", "lstm", 3, 2, 4, 1)
    assert train_on_task("words", "lstm", 3, 2, 4, 1) != train_on_task("words", "lstm", 3, 2, 4, 2)
    assert train_on_task("words", "lstm", 3, 2, 4, 1).gradients[0] == 1.0


@compiled
def test_an_lstm_learns_what_lies_back_and_a_simple_network_forgets():
    learnt = train_on_task("words", "lstm", 10, 600, 32, 1)
    assert learnt.solved("words")
    assert learnt.gradients[-1] > 0.1
    forgot = train_on_task("words", "rnn tanh", 60, 1, 32, 1)
    assert forgot.gradients[-1] < 1e-3
    assert train_on_task("words", "gru", 60, 1, 32, 1).gradients[-1] > 0.03


SMALL = ("lag", "--length", "3", "--steps", "2", "--units", "4", "--seeds", "2", "--quiet")


@compiled_only
def test_what_it_prints(w2v):
    found = w2v(*SMALL)
    assert found.code == 0
    assert len(found.out.splitlines()) == 1 + 2 * 3
    rows = [json.loads(row) for row in w2v(*SMALL, "--json", "--task", "words").out.splitlines()]
    assert [row["network"] for row in rows] == ["rnn tanh", "rnn relu identity", "lstm"]
    assert len(rows[0]["scores"]) == rows[0]["runs"] == 2
    assert list(rows[0]["gradients"]) == [f"{share:g}" for share in DISTANCES]
    table = w2v(*SMALL, "--tsv", "--model", "lstm").out.splitlines()
    assert [len(row.split("\t")) for row in table] == [11, 11]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--model", "gnu"), "--model gnu: expected one or more of rnn, lstm, gru"),
        (("--task", "x"), "--task x"),
        (("--length", "1"), "--length 1"),
        (("--length", "a,b"), "--length a,b"),
        (("--steps", "0"), "--steps"),
    ],
)
def test_mistakes_are_one_line(w2v, args, message):
    outcome = w2v("lag", *args)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert message in outcome.err


def test_nothing_more_is_trained_after_an_error(w2v, monkeypatch):
    """As after that of a closed stdout. A run that goes on ends by its number of steps."""
    trained, stopped = [], []

    def train(task, variant, length, steps, units, seed, on_step):
        trained.append(length)
        if length > 2:
            try:
                for _ in range(steps - 1):
                    on_step()
            except BaseException:
                stopped.append(length)
                raise
        return Outcome(0.5, steps, (1.0,) * len(DISTANCES))

    def fail(self, *args):
        raise W2VError("no more rows")

    monkeypatch.setattr("w2v.networks.lag_experiment.train_on_task", train)
    monkeypatch.setattr("w2v.cli.output.ResultPrinter.print", fail)
    args = ("--length", "2,3,4,5", "--steps", 1_000_000, "--seeds", 1, "--task", "words", "--quiet")
    outcome = w2v("lag", "--model", "lstm", "--threads", 1, *args)
    assert outcome.err == "w2v: no more rows\n"
    assert trained in ([2], [2, 3])
    assert stopped == trained[1:]
