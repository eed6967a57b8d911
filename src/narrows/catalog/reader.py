"""Read facts as draws, and remember which were read: so every figure knows its facts."""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows import draws
from narrows.catalog.fact import SCENARIO
from narrows.errors import DataError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from narrows.catalog.catalog import Catalog
    from narrows.catalog.fact import Fact

    Floats = NDArray[np.float64]

__all__ = ["Chain", "PointReader", "Reader"]


class Chain:
    """The ids of the facts read inside a block, in the order of their first reading."""

    def __init__(self) -> None:
        self._read: dict[str, None] = {}

    @property
    def reads(self) -> tuple[str, ...]:
        """Ids of the facts read, each once."""
        return tuple(self._read)

    def add(self, names: Iterable[str]) -> None:
        """Add ids of facts."""
        self._read.update(dict.fromkeys(names))


class Reader:
    """Draws of facts in canonical units; each reading is recorded.

    Parameters
    ----------
    catalog
        Where facts stand.
    seed
        A whole number; the stream of a fact is keyed by (seed, fact id), so that no other fact and
        no newer statement of the same fact moves its place in the draws (convention §8).
    n
        Number of draws.
    method
        ``random`` or ``sobol``, see `narrows.draws.sample`.
    laws
        Functions that compute a fact from others in every draw, by its id. What is stated of it is used
        where a scenario states it, or where the catalogue lacks what the law needs.
    """

    def __init__(
        self,
        catalog: Catalog,
        seed: int,
        n: int,
        method: str = "random",
        laws: Mapping[str, Callable[[Reader], Floats]] | None = None,
    ) -> None:
        self.catalog, self.seed, self.n, self.method = catalog, seed, n, method
        self.laws = laws or {}
        self._drawn: dict[str, Floats] = {}
        self._behind: dict[str, tuple[str, ...]] = {}
        self._all = Chain()
        self._chains: list[Chain] = [self._all]

    @property
    def reads(self) -> tuple[str, ...]:
        """Ids of the facts read so far, in the order of their first reading."""
        return self._all.reads

    @contextmanager
    def chain(self) -> Iterator[Chain]:
        """Collect the facts that are read inside the block; blocks may stand inside one another."""
        chain = Chain()
        self._chains.append(chain)
        try:
            yield chain
        finally:
            self._chains = [other for other in self._chains if other is not chain]

    def draws(self, name: str) -> Floats:
        """Return the draws of a fact [canonical unit].

        Parameters
        ----------
        name
            Fact id.

        Returns
        -------
        numpy.ndarray
            Axis (draw); read-only, since it is drawn once and shared.

        Raises
        ------
        UnknownNameError
            No such fact.
        DataError
            Nothing was known about it on the day asked for.

        Notes
        -----
        Where the rule of the fact is *pool*, each draw picks one statement, with equal chance. All
        statements are drawn with the same scores: they differ in numbers, not in luck.
        """
        if self._computed(name):
            self.note(self._behind[name])
            return self._drawn[name]
        candidates = self._record(name)
        if name not in self._drawn:
            values = self._draw(name, candidates)
            values.flags.writeable = False
            self._drawn[name] = values
        return self._drawn[name]

    def behind(self, name: str) -> tuple[str, ...]:
        """Return the ids of the facts behind the draws of a fact: itself, or those that its law reads.

        Parameters
        ----------
        name
            Fact id.
        """
        return self._behind[name] if self._computed(name) else (name,)

    def _computed(self, name: str) -> bool:
        """Return whether a law gives a fact, and keep what it gives."""
        law = self.laws.get(name)
        if law is None or (self.catalog.has(name) and self.catalog.fact(name).source == SCENARIO):
            return False
        if name not in self._behind or name not in self._drawn:
            try:
                with self.chain() as chain:
                    values = law(self)
            except (DataError, UnknownNameError):
                return False
            values.flags.writeable = False
            self._drawn[name], self._behind[name] = values, chain.reads
        return True

    def forget(self) -> None:
        """Let go of the draws kept so far; a fact read again is drawn again, the same."""
        self._drawn.clear()

    def twin(self) -> Reader:
        """Return another reading of the same facts in the same draws, with a record of its own."""
        return Reader(self.catalog, self.seed, self.n, self.method, self.laws)

    def fact(self, name: str) -> Fact:
        """Return the statement that is shown for a fact, and record the reading.

        Parameters
        ----------
        name
            Fact id.
        """
        return self._record(name)[0]

    def note(self, names: Iterable[str]) -> None:
        """Record that facts were read, of which the caller keeps what they gave.

        Parameters
        ----------
        names
            Ids of facts.
        """
        kept = tuple(names)
        for chain in self._chains:
            chain.add(kept)

    def point(self, name: str) -> float:
        """Return the median of a fact [canonical unit]; of a pool, the median of the medians.

        Parameters
        ----------
        name
            Fact id.
        """
        return median(_middle(*_stated(fact)) for fact in self._record(name))

    def series(self, prefix: str) -> tuple[Floats, Floats, tuple[Fact, ...]]:
        """Return a series as anchors in time.

        Parameters
        ----------
        prefix
            Fact id without its *when*.

        Returns
        -------
        tuple
            Middles of the periods [year], axis (anchor); draws [canonical unit], axes (draw, anchor);
            and the facts. Without an anchor where there is no such fact, or nothing was known on the day.

        Notes
        -----
        Each anchor's draws stand together in memory. They are drawn afresh at every call, since a
        series is read once and its draws are most of what is drawn.
        """
        facts = self.catalog.series(prefix)
        middles = np.array([fact.midpoint for fact in facts], dtype=np.float64)
        values = np.empty((len(facts), self.n))
        for row, fact in zip(values, facts, strict=True):
            row[:] = self._draw(fact.id, self._record(fact.id))
        return middles, values.T, facts

    def _record(self, name: str) -> tuple[Fact, ...]:
        candidates = self.catalog.candidates(name)
        for chain in self._chains:
            chain.add((name,))
        return candidates

    def _draw(self, name: str, candidates: tuple[Fact, ...]) -> Floats:
        drawn = [self._sample(fact) for fact in candidates]
        if len(drawn) == 1:
            return drawn[0]
        picks = draws.stream(self.seed, f"{name}:choice").integers(len(drawn), size=self.n)
        return np.choose(picks, drawn)

    def _sample(self, fact: Fact) -> Floats:
        return draws.sample(
            draws.Doubt(*_stated(fact)),
            self.n,
            self.seed,
            fact.id,
            group=fact.group or None,
            correlation=fact.correlation,
            method=self.method,
        )


class PointReader(Reader):
    """A reading in one draw, in which every fact has the value stated; of a pool, the median of the values.

    Parameters
    ----------
    catalog
        Where facts stand.
    """

    def __init__(self, catalog: Catalog) -> None:
        super().__init__(catalog, 0, 1, "point")

    def twin(self) -> PointReader:
        """Return another reading of the same facts, with a record of its own."""
        return PointReader(self.catalog)

    def _draw(self, name: str, candidates: tuple[Fact, ...]) -> Floats:  # noqa: ARG002 (as the other reader)
        return np.array([median(_middle(*_stated(fact)) for fact in candidates)])


@lru_cache(maxsize=4096)  # asked of the same facts in every scenario
def _middle(*stated: Any) -> float:
    return float(draws.value_at(draws.Doubt(*stated), 0.0))


def _stated(fact: Fact) -> tuple[float, float, float, str, str]:
    """Return what a fact says of its doubt, in the order of `draws.Doubt`."""
    return fact.canonical_value, fact.canonical_low, fact.canonical_high, fact.level, fact.shape
