"""Tasks over processes or machines: any executor of `concurrent.futures`, and no task lost with a worker.

Tasks are cut before they are handed out, each is a pure function of its arguments, and results are taken in
order: one process, a pool and a cluster give the same bytes.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from itertools import repeat
from typing import TYPE_CHECKING, Any, TypeVar

from narrows.errors import RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor, Future

    Item = TypeVar("Item")
    Result = TypeVar("Result")

__all__ = ["cluster", "spread"]

LARGEST = "1 GB"
"""Size from which Dask warns of a task; blocks of draws have some tens of megabytes."""
WAIT_S, RETRIES = 10, 2
"""Seconds in which a scheduler must answer; how often a task is done again that failed on a cluster."""


def spread(
    executor: Executor | None,
    work: Callable[..., Result],
    items: Iterable[Item],
    *rest: Any,
    ahead: int | None = None,
) -> Iterator[Result]:
    """Give the results of a task for every item, in order.

    Parameters
    ----------
    executor
        Where tasks run; this process if left out.
    work
        The task: a function of an item and the rest, which a pool can pickle.
    items
        What it is done for.
    rest
        What all tasks take besides.
    ahead
        Most tasks handed out and not yet given back, where items are large; all at once if left out.

    Notes
    -----
    A cluster does the tasks of a worker that died again elsewhere. A pool of processes that lost one is
    broken as a whole: what it had not given back is done in this process. Tasks not begun are cancelled where
    the caller stops.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(2) as pool:
    ...     list(spread(pool, pow, [1, 2, 3], 2))
    [1, 4, 9]
    """
    if executor is None:
        yield from map(work, items, *map(repeat, rest))  # an item goes before the next is made
        return
    handed: deque[tuple[Item, Future[Result] | None]] = deque()
    waiting = iter(items)
    try:
        for item in waiting:
            handed.append((item, _submitted(executor, work, item, rest)))
            if ahead is not None and len(handed) >= ahead:
                yield _result(work, rest, *handed.popleft())
        while handed:
            yield _result(work, rest, *handed.popleft())
    finally:
        for _, future in handed:
            if future is not None:
                future.cancel()


def _submitted(
    executor: Executor, work: Callable[..., Result], item: Item, rest: tuple[Any, ...]
) -> Future[Result] | None:
    from concurrent.futures import BrokenExecutor

    try:
        return executor.submit(work, item, *rest)
    except BrokenExecutor:
        return None


def _result(
    work: Callable[..., Result], rest: tuple[Any, ...], item: Item, future: Future[Result] | None
) -> Result:
    """Return what a task gave; where its worker was lost for good, do it here."""
    from concurrent.futures import BrokenExecutor, CancelledError

    if future is not None:
        try:
            return future.result()
        except (BrokenExecutor, CancelledError):
            pass
        except Exception as problem:
            if not type(problem).__module__.startswith("distributed"):
                raise
    return work(item, *rest)


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """Give an executor on the workers of a Dask scheduler.

    Parameters
    ----------
    address
        Of the scheduler, such as ``tcp://10.0.0.1:8786``. Workers have the same version of narrows.

    Raises
    ------
    UsageError
        The extra ``cluster`` is not installed.
    RunError
        No scheduler answers there, or it has no workers.
    """
    try:
        import dask.config
        from distributed import Client
    except ImportError as problem:
        raise UsageError(
            "A cluster is asked for, and `distributed` is not installed",
            "It comes with the extra cluster",
            "pip install 'narrows[cluster]'",
        ) from problem
    try:
        client = Client(address, timeout=WAIT_S, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as problem:
        raise RunError(
            f"No scheduler answers at {address!r}",
            "A scheduler is started with `dask scheduler`, and prints its address",
            "Check the address, such as tcp://10.0.0.1:8786",
        ) from problem
    with client, dask.config.set({"distributed.admin.large-graph-warning-threshold": LARGEST}):
        if not client.scheduler_info()["workers"]:
            raise RunError(
                f"The scheduler at {address!r} has no workers",
                "Tasks need at least one",
                f"Start some with `dask worker {address}`",
            )
        executor: Executor = client.get_executor(pure=False, retries=RETRIES)  # type: ignore[no-untyped-call]
        yield executor
