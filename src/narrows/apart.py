"""Work done in a process of its own: the memory that it takes goes back when it ends."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys
from contextlib import redirect_stdout
from typing import Any

from narrows.errors import NarrowsError, RunError

__all__ = ["apart", "stop"]

_RUNNING: set[subprocess.Popen[bytes]] = set()


def apart(work: str, **given: Any) -> Any:
    """Return what a function returns, called in a process that ends with it.

    Parameters
    ----------
    work
        The function, as ``module:name``.
    given
        Its arguments. They and the answer are pickled.

    Raises
    ------
    NarrowsError
        What the function raises.
    RunError
        If the process ends without an answer.

    Examples
    --------
    >>> apart("narrows.quarters:span", text="2026Q4:2027Q1")
    (Quarter(year=2026, number=4), Quarter(year=2027, number=1))
    """
    command = [sys.executable, "-m", "narrows.apart"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603
        _RUNNING.add(process)
        try:
            told, _ = process.communicate(pickle.dumps((work, given)))
        except BaseException:
            process.kill()
            raise
        finally:
            _RUNNING.discard(process)
    if process.returncode:
        raise RunError(
            f"The process that asked {work.rpartition(':')[2]!r} ended with {process.returncode}",
            "It ends with an answer",
            "Ask again; if it fails again, free memory",
        )
    found, refused = pickle.loads(told)  # noqa: S301 (what this program wrote)
    if refused is not None:
        raise refused
    return found


def stop() -> None:
    """End the processes that still work; who waits for one gets an error."""
    for process in tuple(_RUNNING):
        process.kill()


def _main() -> None:
    work, given = pickle.load(sys.stdin.buffer)  # noqa: S301 (what this program wrote)
    home, _, name = work.partition(":")
    found = refused = None
    with redirect_stdout(sys.stderr):
        try:
            found = getattr(importlib.import_module(home), name)(**given)
        except NarrowsError as problem:
            refused = problem
    pickle.dump((found, refused), sys.stdout.buffer)


if __name__ == "__main__":
    _main()
