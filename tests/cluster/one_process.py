"""In place of a cluster: its tasks, done one after the other by this process."""


class Here:
    """A cluster that does each task at once, in this process."""

    run, lost = "here", (KeyError,)

    def threads(self):
        return 1

    def workers(self):
        return 0

    def submit(self, function, *args):
        return function(*args)

    def place(self, data, near=None):
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


class Members(dict):
    """In place of `member`: what the only worker keeps."""

    def __call__(self, run):
        return self

    def kept(self, name, make):
        return self.setdefault(name, make())
