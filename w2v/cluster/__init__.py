"""Rounds on a Dask cluster: the only package that imports Dask.

`connection` is the cluster; `reading` counts and encodes texts there, a byte range at a time;
`rounds` trains there. Each worker holds a `replica` of the model, and brings it to where a task
wants it by the `changes` of the rounds between.
"""
