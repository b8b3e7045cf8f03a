"""The message about compiling kernels: it is printed once, not in later runs; slow."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

MODELS = [
    "skipgram", "skipgram --hogwild", "cbow", "cbow --loss hs", "cbow --subwords 2-3", "pv-dbow",
    "pv-dm", "sif --init first.safetensors", "lda", "lda --sampler sparse", "lsa", "ppmi", "nbow",
    "mlp", "rnn", "lstm", "gru",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_a_second_run_compiles_nothing(tmp_path, model):
    """Each trainer names the kernels that it calls, and no others: those would stay uncompiled."""
    (tmp_path / "text").write_text("a\tsun moon star sky\nb\tbread milk salt\n" * 20)
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}

    def train(*args):
        command = (sys.executable, "-m", "w2v", "train", "text", "--min-count", "1", *args)
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        return "compiling kernels" in done.stderr

    if "--init" in model:
        train("-o", "first.safetensors")
    args = ["--model", *model.split(), "-o", "x.safetensors"]
    if model.split()[0] in ("nbow", "mlp", "rnn", "lstm", "gru"):
        args += ["--format", "tsv", "--columns", "label,text", "--epochs", "1"]
    assert train(*args)
    assert not train(*args)
