"""w2v: word embeddings from the command line.

The flow:

    corpus -> vocabulary -> training (kernels) -> table -> store / formats -> query / evaluate

`corpus` reads texts as tokens; `vocabulary` counts them and turns them into word ids; a file of
`models` says what is learnt from them, and `training` runs its kernels chunk by chunk; what comes
out is a `table` of names and vectors, which `store` keeps in one file and `query` and `evaluate`
ask. `job` ties these together for `w2v train`.
"""

__version__ = "0.1.0"
