"""A substitute for a cluster: this process runs its tasks one after the other."""


class Here:
    """A cluster that runs each task immediately, in this process."""

    def __init__(self):
        self.report = [].append

    run, address, data_loss_errors = "here", "here", (KeyError,)

    def threads(self):
        return 1

    def workers(self):
        return 0

    def submit(self, function, *args):
        return function(*args)

    def place(self, data, companion=None):
        return data

    spread = keep = place

    def is_done(self, future):
        return True

    def result(self, future):
        return future

    def gather(self, futures):
        return list(futures)

    def follow(self, futures, on_share):
        on_share(1.0)

    def cancel(self, futures):
        pass

    def workers_lost(self, times):
        from w2v.cluster.connection import Cluster

        return Cluster.workers_lost(self, times)


class Members(dict):
    """A substitute for `member`: the data of the only worker."""

    def __call__(self, run):
        return self

    def kept(self, name, make):
        return self.setdefault(name, make())
