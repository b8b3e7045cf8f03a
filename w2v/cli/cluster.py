"""w2v train --cluster: the job of a model on a Dask cluster."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from w2v.errors import W2VError

if TYPE_CHECKING:
    from w2v.job import Job


def on_cluster(stack: ExitStack, told: tuple[Any, ...], address: str) -> Job:
    """A job as `told` to `Job`, whose connection ends with `stack`.

    Raises W2VError where Dask is not installed, no cluster answers, or the model cannot go there
    """
    model = told[2]
    if model.way == "batches" or (model.way == "at once" and not model.products):
        raise W2VError(f"--cluster is not for --model {model.name}: train it without")
    try:
        from w2v.cluster.chain import ClusterChain
        from w2v.cluster.connection import Cluster
        from w2v.cluster.job import ClusterJob
        from w2v.cluster.products import ClusterSolution
    except ModuleNotFoundError as error:
        raise W2VError(f"--cluster needs {error.name}: pip install 'w2v[cluster]'") from None
    kinds = {"gradients": ClusterJob, "sweeps": ClusterChain, "at once": ClusterSolution}
    return kinds[model.way](stack.enter_context(Cluster(address)), *told)
