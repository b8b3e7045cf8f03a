"""Training on a Dask cluster. No other package of w2v imports Dask.

`connection` connects to the cluster, and `executor` makes the executor that a run uses. On the
workers, `text_reader` reads, counts and encodes texts by byte ranges, `rounds` trains word and
document vectors in synchronous rounds, `lda_rounds` samples topics, and `svd_products` multiplies
matrices.

Each worker holds a replica, which is its copy of the model: see `model_replica`, or `count_replica`
for LDA. Before a task, the worker applies to the replica the changes of the rounds that the replica
lacks. These changes are in `row_changes` and `count_changes`.
"""
