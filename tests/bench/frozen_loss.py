#!/usr/bin/env python3
"""Skip-gram's loss during an epoch and after it: why it may rise while the vectors get better.

    python tests/bench/frozen_loss.py CORPUS [EPOCHS]

Prints two losses for each epoch: the loss that `w2v train` shows, computed before each step; and
the loss of the vectors as they are at the end of the epoch ("frozen"), over 60 chunks of the text.
The chunks and their negative samples are the same for all epochs.
"""

from __future__ import annotations

import sys
from itertools import islice

from w2v.models import models
from w2v.text.corpus import Corpus
from w2v.text.encode import encode
from w2v.training.chunks import Plan
from w2v.training.loop import run
from w2v.training.state import TrainingState


def main() -> None:
    """Train on 2 threads, and compute the loss of the fixed vectors after each epoch."""
    epochs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    vocabulary, text = encode(Corpus(sys.argv[1:2]), min_count=5)
    model = models()["skipgram"]
    trainer = model.make_trainer(vocabulary, text, model.settings(epochs=epochs))
    frozen = model.make_trainer(vocabulary, text, model.settings(lr=0.0, min_lr=0.0))
    frozen.matrices = trainer.matrices
    plan = Plan(text, epochs, seed=1)
    state = TrainingState.start(plan)
    for epoch in range(epochs):
        end = (epoch + 1) * len(plan) // epochs
        online = run(trainer, plan, 2, state=state, stop_before=end).mean_losses()[epoch]
        sums = zip(*map(frozen.worker(), islice(Plan(text, 1, seed=9), 60)), strict=True)
        loss, pairs = map(sum, sums)
        print(f"epoch {epoch + 1}  as shown {online:.4f}  frozen {loss / pairs:.4f}", flush=True)


if __name__ == "__main__":
    main()
