"""Whole networks: gradients, both tasks, equal bytes, resuming, wrong input."""

import json
import math
import os
import signal
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from helpers import NETWORKS, check_gradients, compiled, compiled_only

from w2v.embeddings import container
from w2v.models import models
from w2v.networks import trainer as training_of_networks
from w2v.networks.architecture import Architecture, recurrent_layer
from w2v.networks.batches import LabelledBatches, StreamBatches
from w2v.networks.evaluate import evaluate, formatted_perplexity
from w2v.networks.layers.softmax_output import SampledSoftmaxOutput
from w2v.networks.network import Batch, Network
from w2v.networks.trainer import NetworkTrainer
from w2v.settings import TextSettings
from w2v.system.packed_ids import PackedIds
from w2v.text.encode import open_corpus, read
from w2v.text.encoded_text import EncodedDocuments
from w2v.text.vocabulary import END

WORDS = ["good", "fine", "bad", "poor", "film", "plot", "the", "a"]


def reviews(count, seed=1):
    """Rows of label TAB text; good words are in the reviews of good films."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        words = [WORDS[at] for at in rng.integers(4, 8, rng.integers(2, 9))]
        words[rng.integers(len(words))] = WORDS[2 * (number % 2) + rng.integers(2)]
        rows.append(f"{('pos', 'neg')[number % 2]}\t{' '.join(words)}")
    return "\n".join(rows) + "\n"


SMALL = ("--dim", "8", "--units", "8", "--min-count", "1", "--batch", "16")


def train(w2v, path, model, *more):
    length = () if "lm" in more else ("--length", "10")
    return w2v("train", path, "--model", model, "-o", "net.safetensors", *SMALL, *length, *more)


@pytest.fixture
def films(folder):
    (folder / "films.tsv").write_text(reviews(400))
    (folder / "test.tsv").write_text(reviews(60, 2))
    return folder


@pytest.fixture
def cycle(folder):
    """A text in which each word determines the next one."""
    (folder / "text.txt").write_text("a b c d e f g\n" * 150)
    return folder


# Whole networks


def parameters(made, rng, sampled):
    found = {
        name: rng.normal(0, 0.8, shape if not (sampled and name == "b_o") else (*shape, 1))
        for name, shape in made.shapes().items()
    }
    for name, array in found.items():
        if name.startswith("dense") and name.endswith(".b"):
            array += 2  # so that no unit rests
    return found


@compiled_only
@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("samples", [0, 4])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("language", [False, True])
@pytest.mark.parametrize("model", NETWORKS)
def test_gradients_of_whole_networks(model, language, tied, samples, steps):
    """Each number of each parameter: stacked layers, dense layers, dropout, sampled softmax."""
    if not language and (tied or samples):
        pytest.skip("only next words are tied or sampled")
    rng = np.random.default_rng(1)
    kinds = models()[model].settings
    pool = {"pool": "max" if steps == 5 else "mean"}
    settings = replace(kinds(), dropout=0.2, **({} if model == "mlp" else pool))
    rows, length = 4, 3 if model == "mlp" and language else steps
    dense = (3,) if tied else (5,)
    outputs = 7 if language else 3
    made = Architecture(
        recurrent_layer(settings), 7, 3, length, 4, 2, dense, outputs, tied, language
    )
    given = parameters(made, rng, samples)
    slopes = {name: np.empty_like(array) for name, array in given.items()}
    counts = np.arange(7, 0, -1)
    network = Network(made, settings, given, slopes, counts if samples else None, samples)
    size = steps + length - 1 if model == "mlp" and language else steps
    words = rng.integers(0, 7, (size, rows)).astype(np.int32)
    mask = None if language else np.ones((steps, rows))
    if mask is not None:
        mask[steps - 1 :, 1], mask[1:, 2] = 0, 0
    targets = rng.integers(0, outputs, rows * steps if language else rows).astype(np.int32)
    weights = 1 + rng.random(targets.size)

    def cost():
        states = [state + 0.3 for state in network.states(rows)] if language else None
        batch = Batch(words, mask, targets, weights, states)
        network.learn(batch, np.random.default_rng(5))
        return float(weights @ network.output.losses)

    cost()
    found = {name: np.zeros_like(array) for name, array in given.items()}
    by_rows = {gradient.table for gradient in network.rows()}
    found |= {name: slopes[name].copy() for name in given if name not in by_rows}
    for gradient in network.rows():
        np.add.at(found[gradient.table], gradient.rows, gradient.sums)
    if steps == 1 and not language:  # before the first word there is no state to be weighed
        for name in [name for name in found if ".W_h" in name and not name.endswith("W_hv")]:
            assert not found.pop(name).any()
    check_gradients(cost, found, given)
    assert isinstance(network.output, SampledSoftmaxOutput) == bool(samples)


@pytest.mark.parametrize("before", [0, 2])
@pytest.mark.parametrize("rows", [1, 3, 4])
def test_a_stream_tells_each_word_once_from_those_before_it(rows, before):
    ids = np.arange(1, 24, dtype=np.int32)
    stream, predicted = StreamBatches(ids, 0, rows, 4, before), []
    for part in stream.schedule(None, 2)[0]:
        batch = stream.batch(part, [])
        if batch is None:
            continue
        targets = batch.targets.reshape(-1, part[1].stop - part[1].start)
        there = batch.weights.reshape(targets.shape) > 0
        predicted += targets[there].tolist()
        for t, row in np.argwhere(there):
            context = batch.words[t : t + before + 1, row]
            np.testing.assert_array_equal(
                context, np.maximum(targets[t, row] - np.arange(before + 1, 0, -1), 0)
            )
    assert sorted(predicted) == ids.tolist()


@pytest.mark.parametrize("model", [name for name in NETWORKS if name != "mlp"])
def test_a_stream_in_stretches_is_read_as_in_one(model):
    """All layers carry their states from one minibatch to the next, until the text begins anew."""
    rng, settings = np.random.default_rng(1), models()[model].settings()
    made = Architecture(recurrent_layer(settings), 7, 3, 1, 4, 2, (), 7, False, True)
    given = parameters(made, rng, False)
    networks = [Network(made, settings, given) for _ in range(2)]
    ids = rng.integers(1, 7, 40).astype(np.int32)
    whole, *others = [
        evaluate(networks[:1], StreamBatches(ids, 0, 1, steps, 0, np.float64), 1).nats
        for steps in (40, 7, 1)
    ]
    np.testing.assert_allclose(others, whole, rtol=1e-12)
    side_by_side = StreamBatches(ids, 0, 2, 7, 0, np.float64)
    again = [evaluate(networks[:shards], side_by_side, 2).nats for shards in (1, 2)]
    np.testing.assert_allclose(again[0], again[1], rtol=1e-12)
    assert abs(again[0] - whole) > 1e-6, "the second half begins without the first"


def test_states_are_zero_where_the_text_begins_and_go_on_elsewhere():
    stream = StreamBatches(np.arange(1, 24, dtype=np.int32), 0, 3, 4)
    for part in stream.schedule(None, 2)[0]:
        states = [np.ones((3, 5))]
        stream.batch(part, states)
        wanted = np.ones((3, 5))
        if part[0] == 0:
            wanted[part[1]] = 0
        np.testing.assert_array_equal(states[0], wanted)


def update(folder, epoch=0, **options):
    """Update a language model by its first minibatch: (its trainer, the change of each matrix)."""
    (folder / "text.txt").write_text("a b c d e f g\n" * 9)
    model, text_settings = models()["rnn"], TextSettings(min_count=1)
    corpus = open_corpus(["text.txt"], text_settings, None)
    vocabulary, text = read(corpus, text_settings, lambda tokens: None)
    vocabulary = vocabulary.adding(END, vocabulary.sentence_ends)
    settings = {"task": "lm", "dim": 6, "units": 6, "batch": 4, "epochs": 2, "optimizer": "sgd"}
    trainer = model.make_trainer(vocabulary, text, model.settings(**{**settings, **options}))
    plan = trainer.plan(1)
    trainer.begin(plan.shards)
    before = {name: matrix.copy() for name, matrix in trainer.matrices.items()}
    updates = trainer.shards(plan)
    updates.worker()(replace(plan[0], epoch=epoch), 0)
    for part in range(sum(updates.parts)):
        updates.merge(part, 1)
    names = ("input_vectors", "weights")
    return trainer, {name: trainer.matrices[name] - before[name] for name in names}


def test_dropout_leaves_out_other_numbers_in_each_epoch(folder):
    for dropout in (0.0, 0.5):
        (_, first), (_, again), (_, other) = (
            update(folder, epoch, dropout=dropout) for epoch in (0, 0, 1)
        )
        np.testing.assert_array_equal(first["weights"], again["weights"])
        assert (first["weights"] != other["weights"]).any() == (dropout > 0)


def test_the_gradient_of_all_parameters_has_the_norm_of_clipping_at_most(folder):
    _, free = update(folder, clip=0.0)
    norm = np.sqrt(sum(np.square(change).sum() for change in free.values()))
    assert np.linalg.norm(free["input_vectors"]) > 0.1 * norm
    for share in (0.5, 2):
        trainer, clipped = update(folder, clip=share * norm)
        assert trainer.lr_at(0) == 1  # so that changes have the length of the gradient
        for name, change in free.items():
            np.testing.assert_allclose(clipped[name], min(share, 1) * change, rtol=1e-3, atol=1e-6)


def test_hits_are_counted_in_the_present_epoch_only(folder):
    """A table of all epochs would grow with --epochs, and every checkpoint with it."""
    for epoch in (0, 999_999):
        trainer, _ = update(folder, epoch, epochs=1_000_000)
        counted = trainer.matrices["right"]
        assert counted.nbytes < 100
        assert counted[0] == epoch
        trainer.is_language = False
        assert trainer.loss_note(epoch, 40, 1.0) == f"accuracy {counted[1, 0] / 40:.2%}"
        assert trainer.loss_note(epoch + 1, 40, 1.0) == "accuracy 0.00%"


@pytest.mark.skipif(os.name == "nt", reason="no signal can be sent to one process")
def test_a_signal_ends_an_evaluation():
    """Each of its threads would else evaluate the rest of the text first, perhaps for hours."""
    settings = models()["rnn"].settings(task="lm", units=4, dim=4)
    made = Architecture(recurrent_layer(settings), 8, 4, 1, 4, outputs=8, steps=True)
    rng = np.random.default_rng(1)
    network = Network(made, settings, parameters(made, rng, False))
    text = StreamBatches(rng.integers(0, 8, 5000).astype(np.int32), 0, 1, 1, 0, np.float64)
    done = []

    def stop(number):
        if not done:
            os.kill(os.getpid(), signal.SIGINT)
        done.append(number)

    with pytest.raises(KeyboardInterrupt):
        evaluate([network], text, 1, stop)
    assert 0 < len(done) < 5000


def test_texts_of_about_the_same_length_are_learnt_together():
    """Each text is in an epoch once, with its last words, and padding is a small share."""
    rng = np.random.default_rng(2)
    sizes = rng.integers(0, 30, 400)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    ids = PackedIds()
    ids.append(np.arange(starts[-1], dtype=np.int32))
    names = [str(at) for at in range(400)]
    text = EncodedDocuments(ids, starts, np.arange(400, dtype=np.int32), names)
    texts = LabelledBatches(text, np.arange(400, dtype=np.int32), 8, 20, False)
    parts, words = texts.schedule(np.random.default_rng(1), 2)
    assert sorted(np.concatenate(parts)) == list(range(400))
    assert sum(words) == texts.size == np.minimum(sizes, 20).sum()
    read = 0
    for part in parts:
        batch = texts.batch(part, [])
        read += batch.words.size
        for column, number in enumerate(part):
            found = batch.words[:, column][batch.mask[:, column] > 0]
            wanted = ids.mapped()[starts[number] : starts[number + 1]][-20:]
            np.testing.assert_array_equal(found, wanted)
        assert batch.targets.tolist() == part.tolist()
    assert texts.size / read > 0.85, "in any order it is 0.55"
    other, _ = texts.schedule(np.random.default_rng(2), 2)
    assert [*map(list, other)] != [*map(list, parts)]
    assert texts.schedule(None, 2)[1] == texts.schedule(None, 2)[1]


# The learning rate, the best epoch


def test_the_rate_is_cut_where_a_loss_is_hardly_lower_than_the_lowest():
    trainer = object.__new__(NetworkTrainer)
    trainer.settings = replace(
        models()["lstm"].settings(), optimizer="sgd", schedule="cut", cut=0.5
    )  # fmt: skip
    rates = []
    for losses in ([], [5.0], [5.0, 4.0], [5.0, 4.0, 3.99], [5.0, 4.0, 3.99, 4.5, 3.0, 2.0]):
        trainer.on_validation(losses)
        rates.append(trainer.lr_at(0.9))
    assert rates == [1, 1, 1, 0.5, 0.25]
    trainer.settings = replace(trainer.settings, schedule="linear")
    assert [trainer.lr_at(share) for share in (0, 0.25, 1)] == [1, 0.75, 0]


@compiled_only
def test_patience_ends_a_run_and_the_best_epoch_is_written(w2v, folder):
    """Random words cannot be predicted, so that overfitting to a short text begins early."""
    rng = np.random.default_rng(3)
    for name, count in (("few.txt", 60), ("other.txt", 200)):
        (folder / name).write_text(" ".join(rng.choice(list("abcdefgh"), count)) + "\n")
    more = ("--task", "lm", "--valid", "other.txt", "--lr", "0.05", "--threads", 1, "--units", 16)
    more += ("--batch", 1, "--epochs", 30, "--patience", 2, "--log-json", "log.jsonl")
    outcome = train(w2v, "few.txt", "lstm", *more)
    assert outcome.code == 0
    reports = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    losses = [report["valid_loss"] for report in reports if report["event"] == "epoch"]
    best = min(range(len(losses)), key=losses.__getitem__)
    assert len(losses) == best + 1 + 2 < 30
    assert f"kept epoch {best + 1}" in outcome.err
    found = json.loads(w2v("perplexity", "net.safetensors", "other.txt", "--json").out)
    assert found["nats"] == pytest.approx(losses[best], rel=1e-5)


# Both tasks


@compiled
@pytest.mark.parametrize("model", NETWORKS)
def test_a_network_learns_labels(w2v, films, model):
    outcome = train(w2v, "films.tsv", model, "--epochs", 15, "--valid", "test.tsv", "--lr", "0.01")
    assert outcome.code == 0, outcome.err
    assert "accuracy" in outcome.err
    assert "kept epoch" in outcome.err
    lowest = 0.9 if model == "mlp" else 0.99  # whose words have places
    by = w2v("evaluate", "classify", "test.tsv", "-v", "net.safetensors", "--by", "model", "--json")
    assert json.loads(by.out)["accuracy"] >= lowest
    rows = w2v("predict", "net.safetensors", "-", "--json", stdin=b"a good film\nthe bad plot\n")
    assert [json.loads(row)["label"] for row in rows.out.splitlines()] == ["pos", "neg"]
    near = w2v("similar", "good", "-v", "net.safetensors", "-k", "1")
    assert "fine" in near.out


@compiled
@pytest.mark.parametrize("model", NETWORKS)
def test_a_network_learns_next_words(w2v, cycle, model):
    more = ("--task", "lm", "--epochs", 20, "--lr", "0.01", "--batch", 4)
    more += ("--length", 2) if model == "mlp" else ()
    assert train(w2v, "text.txt", model, *more).code == 0
    found = json.loads(w2v("perplexity", "net.safetensors", "text.txt", "--json").out)
    assert found["perplexity"] < 1.2
    assert found["scored"] == 150 * 8
    assert found["perplexity"] == pytest.approx(np.exp(found["nats"]))
    call = ("generate", "net.safetensors", "--prompt", "c d", "--words", 5)
    assert w2v(*call, "--temperature", 0).out == "c d e f g\na b\n"[:-5] + "\na\n"
    assert w2v(*call, "--seed", 3).out == w2v(*call, "--seed", 3).out


def test_fasttexts_labels_and_blank_lines(w2v, folder):
    rows = [f"__label__{row.replace(chr(9), ' ')}" for row in reviews(12).splitlines()]
    (folder / "films.txt").write_text("\n".join(rows) + "\n")
    assert train(w2v, "films.txt", "lstm", "--epochs", 1).code == 0
    found = w2v("predict", "net.safetensors", stdin=b"__label__pos a film\n\nzzz\n")
    assert len(found.out.splitlines()) == 3
    assert found.out.splitlines()[1].split()[1] in ("pos", "neg")
    for blank in range(3):  # a file that is empty, or one line end
        found = w2v("predict", "net.safetensors", stdin=b"\n" * blank)
        assert (found.code, len(found.out.splitlines())) == (0, blank)


def test_summary_of_a_file_is_that_of_its_settings(w2v, folder):
    (folder / "films.tsv").write_text(reviews(12))
    train(w2v, "films.tsv", "rnn", "--epochs", 1, "--dense", "6")
    found = [
        json.loads(row) for row in w2v("summary", "net.safetensors", "--json").out.splitlines()
    ]
    facts = json.loads(w2v("info", "net.safetensors", "--json").out)
    assert found[0]["parameters"] == 8 * facts["tables"]["words"]["rows"]
    rows = (folder / "films.tsv").read_text().splitlines()
    assert facts["labels"] == Counter(row.split("\t")[0] for row in rows)
    assert [row["parameters"] for row in found[1:]] == [8 * 8 + 8 * 8 + 8, 8 * 6 + 6, 6 * 2 + 2]


# The same bytes


@compiled_only
@pytest.mark.parametrize("task", ["classify", "lm"])
@pytest.mark.parametrize("model", NETWORKS)
def test_same_seed_same_bytes_on_any_number_of_threads(w2v, folder, model, task):
    (folder / "x.tsv").write_text(reviews(24))
    more = ("--task", task, "--epochs", 2, "--deterministic", "--shards", 3, "--dropout", 0.2)
    more += ("--optimizer", "adagrad" if task == "lm" else "adam")
    more += ("--length", 3) if task == "classify" or model == "mlp" else ()
    written = set()
    for threads in (1, 2, 5):
        assert train(w2v, "x.tsv", model, *more, "--threads", threads).code == 0
        written.add((folder / "net.safetensors").read_bytes())
    assert len(written) == 1


@compiled_only
@pytest.mark.parametrize("task", ["classify", "lm"])
def test_resume_is_bit_for_bit(w2v, folder, monkeypatch, task):
    from w2v.networks.updates import MinibatchUpdates

    (folder / "x.tsv").write_text(reviews(40))
    more = ("--task", task, "--epochs", 3, "--threads", 1, "--dropout", 0.2, "--valid", "x.tsv")
    more += ("--schedule", "cut", *(("--bptt", 4) if task == "lm" else ()))
    assert train(w2v, "x.tsv", "lstm", *more).code == 0
    whole = (folder / "net.safetensors").read_bytes()
    (folder / "net.safetensors").unlink()
    for stop in (3, 5):
        merge, count = MinibatchUpdates.merge, [0]

        def interrupted(self, part, chunks, merge=merge, count=count, stop=stop):
            merge(self, part, chunks)
            count[0] += part == 0
            if count[0] == stop and part == sum(self.parts) - 1:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(MinibatchUpdates, "merge", interrupted)
            assert train(w2v, "x.tsv", "lstm", *more, "--resume").code == 130
        assert (folder / "net.safetensors.checkpoint").exists()
    best = container.read("net.safetensors")[1]["unfinished"]  # an epoch has been judged by then
    assert best in ("epoch 1 of 3", "epoch 2 of 3")
    assert w2v("summary", "net.safetensors").code == 0
    assert train(w2v, "x.tsv", "lstm", *more, "--resume").code == 0
    assert (folder / "net.safetensors").read_bytes() == whole


# Wrong input


@pytest.mark.parametrize(
    ("text", "more", "message"),
    [
        ("pos\ta film\npos\tthe plot\n", (), "all texts have the label 'pos'"),
        ("only text\n", (), "row 1"),
        ("a film\n", ("--format", "lines"), "has no label"),
        ("__label__a __label__b c\n", ("--format", "lines"), "several labels"),
        ("pos\ta\nneg\tb\n", ("--schedule", "cut"), "--schedule cut needs a held-out text"),
        ("pos\ta\nneg\tb\n", ("--dense", "8,x"), "--dense 8,x"),
        ("pos\ta\nneg\tb\n", ("--dense", "1_0"), "--dense 1_0: expected numbers of units"),
        ("pos\ta\nneg\tb\n", ("--task", "lm", "--tied", "--units", "9"), "--tied"),
        ("pos\ta\nneg\tb\n", ("--update", "x"), "x: No such file"),
        ("pos\ta\nneg\tb\n", ("--negative", "5"), "--negative works only with --model"),
    ],
)
def test_mistakes_are_one_line(w2v, folder, text, more, message):
    (folder / "x.tsv").write_text(text)
    outcome = train(w2v, "x.tsv", "lstm", "--quiet", *more)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert message in outcome.err


@compiled
@pytest.mark.parametrize(
    ("more", "advice"),
    [
        ((), "--dim 6, or --units 3"),
        (("--dense", "5,4"), "--dim 4, or --dense 5,3"),
        (("--init", "init.txt"), "--dim 6, or --units 3"),
    ],
)
def test_the_advice_for_tied_layers_helps(w2v, folder, more, advice):
    """With --init, whose file decides the dimension, only the second one does."""
    (folder / "text.txt").write_text("a b c a\n" * 9)
    (folder / "init.txt").write_text("a 1 2 3\nb 3 2 1\n")
    call = ("train", "text.txt", "--model", "gru", "--task", "lm", "--tied", "--min-count", 1)
    call += ("--epochs", 1, "--threads", 1)
    given = {"--units": 6} | dict([more] if more else [])
    given |= {} if "--init" in more else {"--dim": 3}

    def run(advised):
        options = given | dict([advised.split()] if advised else [])
        return w2v(*call, *(part for option in options.items() for part in option))

    assert run("").err.endswith(f"--dim is 3: set {advice}\n")
    first, second = advice.split(", or ")
    assert run(first).code == (2 if "--init" in more else 0)
    assert run(second).code == 0


def test_a_label_that_training_has_not_is_a_mistake(w2v, folder):
    (folder / "x.tsv").write_text(reviews(12))
    (folder / "y.tsv").write_text("strange\ta film\n")
    outcome = train(w2v, "x.tsv", "lstm", "--epochs", 1, "--valid", "y.tsv")
    assert outcome.code == 2
    assert "y.tsv: text 1 has the label 'strange'" in outcome.err.splitlines()[-1]
    assert "memory:" not in outcome.err, "it was known before the training"
    assert train(w2v, "x.tsv", "lstm", "--epochs", 1).code == 0
    by = ("evaluate", "classify", "y.tsv", "-v", "net.safetensors", "--by", "model")
    judged = w2v(*by)
    assert "1 text with a label that the model was not trained on" in judged.err
    assert judged.out.split()[0] == "0.00%"
    assert "strange     0.0000  0.0000  0.0000          1          0" in judged.out
    assert json.loads(w2v(*by, "--json").out)["documents"] == 1


@pytest.mark.parametrize("task", ["classify", "lm"])
def test_nothing_to_read(w2v, folder, task):
    """An empty validation set is refused, and empty texts have no scores."""
    (folder / "x.tsv").write_text(reviews(12))
    (folder / "empty.tsv").write_text("")
    (folder / "blank.tsv").write_text("pos\t\n" if task == "classify" else "\n\n")
    more = ("--task", task, "--epochs", 1)
    for path in ("empty.tsv", "blank.tsv"):
        outcome = train(w2v, "x.tsv", "lstm", *more, "--valid", path)
        assert (outcome.code, outcome.err.splitlines()[-1]) == (
            2,
            f"w2v: {path}: no words in the text",
        )
    assert train(w2v, "x.tsv", "lstm", *more).code == 0
    if task == "lm":
        outcome = w2v("perplexity", "net.safetensors", "empty.tsv")
        assert (outcome.code, "nothing to score" in outcome.err) == (2, True)
    else:
        assert w2v("predict", "net.safetensors", "empty.tsv")[:2] == (0, "")
        outcome = w2v("evaluate", "classify", "empty.tsv", "-v", "net.safetensors", "--by", "model")
        assert (outcome.code, "no documents" in outcome.err) == (2, True)


def test_temperatures(w2v, cycle):
    assert train(w2v, "text.txt", "rnn", "--task", "lm", "--epochs", 1).code == 0
    call = ("generate", "net.safetensors", "--words", 9, "--temperature")
    assert w2v(*call, "1e-310") == w2v(*call, "0")
    assert w2v(*call, "nan").code == w2v(*call, "-1").code == 2


@compiled
def test_many_words_are_told_from_some(w2v, cycle, monkeypatch):
    """Above 50,000 words the default is sampled softmax; the perplexity is that of all words."""
    assert training_of_networks.MANY_WORDS == 50_000
    drawn, learn = [], SampledSoftmaxOutput.learn
    monkeypatch.setattr("w2v.networks.trainer.MANY_WORDS", 8)
    monkeypatch.setattr("w2v.networks.trainer.SAMPLES", 3)
    monkeypatch.setattr(
        SampledSoftmaxOutput,
        "learn",
        lambda self, *args: drawn.append(self) or learn(self, *args),
    )
    more = ("--task", "lm", "--epochs", 5, "--lr", "0.05", "--batch", 4, "--bptt", 10)
    assert train(w2v, "text.txt", "lstm", *more).code == 0
    assert drawn
    found = json.loads(w2v("perplexity", "net.safetensors", "text.txt", "--json").out)
    assert found["perplexity"] < 4, "9 by chance"
    drawn.clear()
    assert train(w2v, "text.txt", "lstm", *more, "--samples", 0).code == 0
    assert not drawn


def test_memory_of_a_perceptron_that_classifies_is_that_of_one_window():
    trainer = object.__new__(NetworkTrainer)
    trainer.settings = replace(models()["mlp"].settings(), length=400, batch=256)
    trainer.architecture = Architecture(None, 1000, 100, 400, 256, outputs=2)
    trainer.is_language, trainer.source = False, LabelledBatches.__new__(LabelledBatches)
    trainer.source.size, trainer.source.rows, trainer.source.longest = 0, 256, 400
    assert 300e6 < trainer.memory_bytes(2) < 500e6


def test_a_perceptron_reads_fewer_words_to_predict_the_next_one_than_for_a_label(w2v, folder):
    (folder / "text.txt").write_text("the guitar and the drum play a song\n" * 30)
    (folder / "x.tsv").write_text("pos\tthe guitar\nneg\tthe drum\n" * 20)
    small = ("--dim", 4, "--units", 6, "--min-count", 1, "--epochs", 1, "--threads", 1, "--quiet")
    for text, words, more in (("text.txt", 5, ("--task", "lm")), ("x.tsv", 50, ())):
        for length, given in ((words, ()), (7, ("--length", 7))):
            w2v("train", text, "--model", "mlp", *more, *small, *given, "-o", "net.safetensors")
            layers = w2v("summary", "net.safetensors", "--json").out.splitlines()
            assert json.loads(layers[1])["output"][-1] == 4 * length
    more = ("--model", "gru", "--task", "lm", "--bptt", 9)
    w2v("train", "text.txt", *more, *small, "-o", "net.safetensors")
    embedding = w2v("summary", "net.safetensors", "--json").out.splitlines()[0]
    assert json.loads(embedding)["output"] == [9, 4]


@compiled_only
def test_texts_may_be_empty_or_very_long(w2v, folder):
    long = " ".join(["film"] * 100_000)
    (folder / "x.tsv").write_text(f"pos\t{long}\nneg\t\npos\ta\nneg\tb c\n")
    outcome = train(w2v, "x.tsv", "lstm", "--epochs", 1)
    assert outcome.code == 0
    assert "1 document longer than --length 10: only the last 10 words are read" in outcome.err
    found = w2v("predict", "net.safetensors", "x.tsv")
    assert len(found.out.splitlines()) == 4
    assert "1 document longer than" in found.err
    outcome = train(w2v, "x.tsv", "lstm", "--epochs", 1, "--length", 1)
    assert "2 documents longer than --length 1: only the last word is read" in outcome.err


def test_what_diverges_says_so(w2v, folder):
    (folder / "x.tsv").write_text(reviews(40))
    more = ("--optimizer", "sgd", "--lr", "1e6", "--clip", "0", "--epochs", "50")
    outcome = train(w2v, "x.tsv", "rnn", "--quiet", "--activation", "relu", *more)
    assert outcome.code == 1
    assert "diverged" in outcome.err
    assert "--lr" in outcome.err


def test_a_network_that_diverges_in_its_last_update_says_so_and_is_not_written(w2v, folder):
    rows = (f"pos\t{'good film plot the ' * 5}\nneg\t{'bad film plot a ' * 5}\n") * 20
    (folder / "x.tsv").write_text(rows)
    more = ("--optimizer", "sgd", "--lr", "1e6", "--clip", "0", "--epochs", "1", "--batch", "9999")
    more += ("--activation", "relu", "--layers", "3", "--length", "20", "--valid", "x.tsv")
    outcome = train(w2v, "x.tsv", "rnn", "--quiet", *more)
    assert outcome.code == 1
    assert "diverged and the validation loss is " in outcome.err
    assert outcome.err.endswith("; try --lr 100000 or less\n")
    assert outcome.err.count("\n") == 1
    assert not os.path.exists("net.safetensors")


def test_the_numbers_of_a_diverged_language_model_are_an_error(w2v, folder):
    (folder / "x.txt").write_text("a b c d e f g\n" * 40)
    more = ("--task", "lm", "--activation", "relu", "--epochs", "1", "--quiet")
    assert train(w2v, "x.txt", "rnn", *more).code == 0
    tensors, metadata = container.read("net.safetensors")
    large = {"b_o": 1e4 * np.arange(tensors["b_o"].size, dtype=np.float32)}
    container.write("net.safetensors", {**tensors, **large}, metadata)
    outcome = w2v("perplexity", "net.safetensors", "x.txt", "--quiet")
    assert outcome.out.startswith("inf  ")
    found = json.loads(w2v("perplexity", "net.safetensors", "x.txt", "--quiet", "--json").out)
    assert found["perplexity"] is None
    assert 709 < found["nats"] < math.inf
    large = {name: a * np.float32(1e30) for name, a in tensors.items() if a.dtype == np.float32}
    container.write("net.safetensors", {**tensors, **large}, metadata)
    for form in ((), ("--json",)):
        outcome = w2v("perplexity", "net.safetensors", "x.txt", "--quiet", *form)
        assert (outcome.code, outcome.out) == (2, ""), outcome
        assert outcome.err.startswith("w2v: net.safetensors: the numbers of this model overflow")
        assert outcome.err.count("\n") == 1
    outcome = w2v("generate", "net.safetensors", "--words", "3")
    assert (outcome.code, outcome.err) == (0, "")


def test_a_perplexity_has_as_many_digits_as_are_known():
    nats = [0.0, math.log(123.456), 20, 700, 708.9, 709, 83_762]
    assert [*map(formatted_perplexity, nats)] == [
        "1.0", "123.5", "4.85e+08", "1.01e+304", "7.44e+307", "inf", "inf",
    ]  # fmt: skip
    assert formatted_perplexity(math.log(123.456), 2) == "123.46"


def test_unk_and_eos_are_not_counted_as_words_of_the_text(w2v, folder):
    (folder / "text").write_text("a b c a b a\n" * 9)
    (folder / "counts").write_text("a 27\nb 18\nc 9\n")
    common = ("train", "text", "--model", "rnn", "--task", "lm", "--epochs", 1, "--units", 2)
    said = "vocabulary: 2 of 3 words; 54 of 54 tokens kept"
    assert said in w2v(*common, "--min-count", 10, "-o", "x.safetensors").err
    listed = w2v(*common, "--min-count", 10, "--read-vocab", "counts", "-o", "y.safetensors").err
    assert said in listed
    assert "counts: 1 word left out by --min-count 10" in listed


def test_a_network_starts_from_vectors_and_leaves_them(w2v, folder):
    (folder / "x.tsv").write_text(reviews(24))
    rows = [f"{word} {' '.join(str(at + n) for n in range(8))}" for at, word in enumerate(WORDS)]
    (folder / "v.txt").write_text("7 8\n" + "\n".join(rows[:-1]) + "\n")  # all but the last
    train(w2v, "x.tsv", "lstm", "--epochs", 1, "--init", "v.txt", "--freeze")
    found = w2v("vector", "film", "-v", "net.safetensors", "--json")
    assert json.loads(found.out)["vector"] == [4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]
    before = (folder / "net.safetensors").read_bytes()
    train(w2v, "x.tsv", "lstm", "--epochs", 2, "--init", "v.txt", "--freeze")
    assert json.loads(w2v("vector", "film", "-v", "net.safetensors", "--json").out) == json.loads(
        found.out
    )
    assert (folder / "net.safetensors").read_bytes() != before, "the rest learns"
    train(w2v, "x.tsv", "lstm", "--epochs", 1, "--init", "v.txt")
    moved = json.loads(w2v("vector", "film", "-v", "net.safetensors", "--json").out)["vector"]
    assert moved != [4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]
    np.testing.assert_allclose(moved, np.arange(4.0, 12), atol=0.2)


@pytest.mark.parametrize("command", ["predict", "perplexity", "generate"])
def test_another_model_s_file_is_refused(w2v, toy, command):
    outcome = w2v(command, "vectors.safetensors", stdin=b"a b\n")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
