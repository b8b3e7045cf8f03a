"""Rounds on a Dask cluster: the only package that imports Dask.

`connection` is the cluster, and `executor` what a run is given. `text_reader` counts and encodes
texts there, a byte range at a time. `rounds` trains word and document vectors, `lda_rounds` samples
topics, `svd_products` multiplies matrices. Each worker holds a `model_replica`, and brings it to
the round that a task asks for by the `row_changes` of the rounds between.
"""
