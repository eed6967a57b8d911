"""Memory of a server: draws are let go of where they take too much, or when nobody asks for a while."""

from __future__ import annotations

import ctypes
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Keeper", "resident", "settle", "trim"]

MOST_BYTES = 250_000_000
"""Memory from which on the draws are let go of after an answer [byte]."""
STEP_BYTES = 32_000_000
"""Growth since they were let go of before it is tried again [byte]: what is left then is in use."""
QUIET_S = 15.0
"""Time without a question after which they are let go of [s]."""
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Options of the C library, as its header numbers them."""
LARGE_BYTES, SPARE_BYTES = 16_000_000, 64_000_000
"""Size from which an array goes back to the system when it is freed, and what may stay free at the end of the
heap [byte]: arrays of what-ifs stay, those of the map go."""
STATM = Path("/proc/self/statm")
"""Where Linux says how many pages a process takes."""


def resident() -> int:
    """Return the memory that this process takes [byte]; 0 where the system does not say.

    Examples
    --------
    >>> resident() >= 0
    True
    """
    try:
        return int(STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def settle() -> None:
    """Have the C library keep less: one heap for all threads, and large arrays outside it.

    Notes
    -----
    By default the C library of Linux gives each thread a heap, and puts arrays of up to 32 MB there once one
    was freed; what is freed in the middle of a heap does not go back to the system.
    """
    set_option = _of_c("mallopt")
    if set_option is not None:
        set_option(M_ARENA_MAX, 1)
        set_option(M_MMAP_THRESHOLD, LARGE_BYTES)
        set_option(M_TRIM_THRESHOLD, SPARE_BYTES)


def trim() -> None:
    """Give freed memory back to the system, where the C library keeps it."""
    give_back = _of_c("malloc_trim")
    if give_back is not None:
        give_back(0)


def _of_c(name: str) -> Callable[..., int] | None:
    """Return a function of the C library; None where there is none of that name."""
    return getattr(ctypes.CDLL(None), name, None) if os.name == "posix" else None


class Keeper:
    """Lets go of what can be made again, the same.

    Parameters
    ----------
    forget
        Lets go of it.
    most
        Memory from which on it is called after an answer [byte].
    quiet
        Time without a question after which it is called [s].

    Notes
    -----
    Nothing that is shown depends on it: what was let go of is made again from the same seed.
    """

    def __init__(self, forget: Callable[[], None], most: int = MOST_BYTES, quiet: float = QUIET_S) -> None:
        self._forget, self._most, self._quiet = forget, most, quiet
        self._asked, self._done = threading.Event(), False
        self._left = 0
        self._watch: threading.Thread | None = None

    def start(self) -> None:
        """Watch for quiet beside what is answered."""
        self._watch = threading.Thread(target=self._run, daemon=True)
        self._watch.start()

    def answered(self) -> None:
        """Take note that something was made for an answer."""
        self._asked.set()
        most = max(self._most, self._left + STEP_BYTES)
        if resident() > most:
            trim()  # what is free already goes first
            if resident() > most:
                self.forget()
            self._left = resident()

    def forget(self) -> None:
        """Let go, and give the memory back to the system."""
        self._forget()
        trim()

    def close(self) -> None:
        """Watch no longer."""
        self._done = True
        self._asked.set()

    def _run(self) -> None:
        while not self._done:
            self._asked.wait()
            self._asked.clear()
            if not self._asked.wait(self._quiet) and not self._done:
                self.forget()
                self._left = 0
