"""Calls of a function on threads, whose results come in the order of the arguments."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Argument = TypeVar("Argument")
Result = TypeVar("Result")


def ordered_map(
    function: Callable[[Argument], Result],
    arguments: Iterable[Argument],
    threads: int,
    apart: bool = False,
) -> Iterator[Result]:
    """Call a function with each argument, on some threads; yield the results in order.

    apart  whether another thread calls the function also with one thread, so that the caller's own
           thread makes the next argument meanwhile; else the caller's thread does both

    `Executor.map` computes all results at once. Here at most half as many calls as there are
    threads wait for a thread, or for their results to be taken, so that the memory does not grow
    with the number of arguments. Nothing is called before the first result is taken. The exception
    of a call is raised in place of its result, and that of `arguments` after the results for the
    arguments before it.
    """
    most = threads + (threads + 1) // 2
    if threads == 1 and not apart:
        yield from map(function, arguments)
        return
    waiting: deque[Future[Result]] = deque()
    end: Exception | None = None
    with ThreadPoolExecutor(threads) as pool:
        try:
            taken = iter(arguments)
            while True:
                try:
                    argument = next(taken)
                except Exception as raised:  # StopIteration at the end of the arguments
                    end = raised
                    break
                waiting.append(pool.submit(function, argument))
                if len(waiting) == most:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
            if end is not None and not isinstance(end, StopIteration):
                raise end
        finally:
            # The exception has this frame. If the frame also had the exception, both would keep the
            # last argument, perhaps with a large file, until the garbage collector finds them.
            end = None
            for future in waiting:
                future.cancel()
