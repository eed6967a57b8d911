"""Values with all their draws: made when they are asked for, and let go of when nobody asks."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Held"]

Value = TypeVar("Value")


class Held(Generic[Value]):
    """A value that can be made again, the same.

    Parameters
    ----------
    make
        Makes it; called by one thread at a time.

    Examples
    --------
    >>> draws = Held(lambda: list(range(3)))
    >>> draws.value is draws.value
    True
    >>> draws.forget()
    >>> draws.value
    [0, 1, 2]
    """

    __slots__ = ("_lock", "_made", "_make")

    def __init__(self, make: Callable[[], Value]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._made: tuple[Value] | None = None

    @property
    def value(self) -> Value:
        """The value, made if it is not held."""
        with self._lock:
            if self._made is None:
                self._made = (self._make(),)
            return self._made[0]

    def forget(self) -> None:
        """Let go of the value; who has it in hand keeps it, and the next who asks makes it again.

        Notes
        -----
        Waits for no one: what is being made is kept.
        """
        if self._lock.acquire(blocking=False):
            self._made = None
            self._lock.release()
