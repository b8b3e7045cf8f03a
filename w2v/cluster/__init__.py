"""Training on a Dask cluster. No other package of w2v imports Dask.

`connection` connects to the cluster, and `executor` makes the executor that a run uses. On the
workers, `text_reader` counts and encodes texts by byte ranges, `rounds` trains word and document
vectors in synchronous rounds, `lda_rounds` samples topics, and `svd_products` multiplies matrices.
Each worker holds a replica of the model: a `model_replica`, or for LDA a `count_replica`. Before a
task it applies the changes of the rounds that the replica lacks: `row_changes` or `count_changes`.
"""
