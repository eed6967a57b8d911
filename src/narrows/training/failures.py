"""What failures and checkpoints take from a training run: closed forms, spares, and a simulation.

A run works for an interval, writes a checkpoint, and goes on. A failure takes it back to the last checkpoint;
a restart follows, which may fail as well. Failures of the whole cluster come by chance at a constant rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = [
    "Repair",
    "best_interval",
    "daly_interval",
    "first_order_share",
    "repair_share",
    "repair_shares",
    "simulated_share",
    "useful_share",
    "young_interval",
]

LARGE, NOTHING = 1e200, 1e-17
NEWTON = 60  # steps: the root is simple, and a handful suffice
FARTHEST = 700.0  # exp of more has no double
SLOTS = 64  # groups in repair that the simulation has room for besides the spares


def useful_share(rate: float | Array, write: float | Array, restart: float | Array, interval: Array) -> Array:
    """Return the share of the time that is work kept in the end.

    Parameters
    ----------
    rate
        Failures of the whole run in a second [1/s], above 0.
    write
        Time that a checkpoint keeps the run from working [s].
    restart
        Time from a failure to work again [s].
    interval
        Work between checkpoints [s], above 0.

    Notes
    -----
    Renewal at each checkpoint kept. An attempt at interval D and write w succeeds with probability
    exp(-r (D + w)). The mean time to get n seconds without a failure, from a standing start with nothing else
    lost, is (exp(r n) - 1) / r. A restart of length u is such a wait, so a failure costs 1/r of running on
    average before it and (exp(r u) - 1) / r after it. With exp(r (D + w)) - 1 failures an interval on
    average,

        time for one interval = exp(r u) (exp(r (D + w)) - 1) / r,
        share = r D exp(-r u) / (exp(r (D + w)) - 1).

    For small r it is 1 - w/D - r (u + D/2), the usual estimate.

    Examples
    --------
    >>> float(useful_share(1 / 10_000, 10.0, 420.0, np.array(447.0)).round(3))
    0.917
    """
    grown = np.expm1(np.minimum(np.asarray(rate * (interval + write)), FARTHEST))
    found: Array = rate * interval * np.exp(-np.minimum(np.asarray(rate * restart), FARTHEST)) / grown
    return found


def first_order_share(
    rate: float | Array, write: float | Array, restart: float | Array, interval: Array
) -> Array:
    """Return the usual estimate of the useful share, good while failures are rare.

    Parameters
    ----------
    rate, write, restart, interval
        As for `useful_share`.

    Notes
    -----
    1 - w/D - r (u + D/2).
    """
    found: Array = 1.0 - write / interval - rate * (restart + interval / 2.0)
    return found


def young_interval(rate: float | Array, write: float | Array) -> Array:
    """Return the first-order best interval [s]: sqrt(2 w / r) (Young, 1974)."""
    return np.asarray(np.sqrt(2.0 * write / rate))


def daly_interval(rate: float | Array, write: float | Array) -> Array:
    """Return the best interval by the series of Daly, 2006 [s].

    Parameters
    ----------
    rate, write
        As for `useful_share`.

    Notes
    -----
    With x = w r / 2: sqrt(2 w / r) (1 + sqrt(x) / 3 + x / 9) - w; beyond w = 2 / r it is 1 / r.
    """
    x = np.asarray(write * rate / 2.0)
    series = young_interval(rate, write) * (1.0 + np.sqrt(x) / 3.0 + x / 9.0) - write
    found: Array = np.where(x < 1.0, series, 1.0 / rate)
    return found


def best_interval(rate: float | Array, write: float | Array) -> Array:
    """Return the interval with the greatest useful share [s].

    Parameters
    ----------
    rate, write
        As for `useful_share`; both above 0.

    Notes
    -----
    The slope of `useful_share` by D is 0 where f(x) = 1 - x - exp(-x - r w) is, with x = r D. f is concave,
    above 0 at x = 0 and below it at x = 1, so it has one root between. Newton's steps from Young's interval,
    held between 0 and 1, find it to the last bits. The restart does not move it.

    Examples
    --------
    >>> float(best_interval(1 / 10_000, 10.0).round(1))
    440.6
    """
    wait = np.asarray(rate * write, dtype=np.float64)
    x = np.minimum(np.sqrt(2.0 * wait), 0.5)
    for _ in range(NEWTON):
        behind = np.exp(-x - wait)
        step = (1.0 - x - behind) / (behind - 1.0)
        x = np.clip(x - step, x / 4.0, (1.0 + 3.0 * x) / 4.0)
    found: Array = x / rate
    return found


@dataclass(frozen=True)
class Repair:
    """Nodes that fail, and the spares that stand in for them.

    Parameters
    ----------
    spares
        Nodes that stand ready.
    time
        Mean time until a failed node is back [s].
    share
        Share of failures that take out a node; the others are cured by a restart.
    group_share, group
        Share of those that take out a whole group at once, and its nodes.
    """

    spares: int
    time: float
    share: float
    group_share: float = 0.0
    group: int = 1


def repair_share(rate: float, repair: Repair) -> float:
    """Return the share of the time in which no more nodes are in repair than there are spares.

    Parameters
    ----------
    rate
        Failures of the whole run in a second [1/s].
    repair
        The spares and the repair.

    Notes
    -----
    See `repair_shares`.

    Examples
    --------
    >>> round(repair_share(1e-4, Repair(spares=8, time=36_000.0, share=0.7)), 4)
    0.9988
    """
    events = np.array([rate * repair.share * repair.time])
    group = np.array([repair.group])
    found = repair_shares(events, np.array([repair.group_share]), group, repair.spares)
    return float(found[0])


def repair_shares(events: Array, group_share: Array, group: NDArray[np.int64], spares: int) -> Array:
    """Return the share of the time in which no more nodes are in repair than there are spares, axis (draw).

    Parameters
    ----------
    events
        Mean number of failures in repair, axis (draw).
    group_share, group
        Share of them that took out a group, and its nodes, axis (draw).
    spares
        Nodes that stand ready.

    Notes
    -----
    Events arrive by chance and each stays in repair for its time, so the number of events in repair is
    Poisson with mean m = rate x time whatever the distribution of the time (M/G/infinity). Nodes in repair
    are their compound sum: single nodes, and groups that come back together. Its probabilities follow from
    n p(n) = m1 p(n - 1) + m2 g p(n - g). Nodes that wait for the others fail as well. The useful share of a
    run is about this share times `useful_share`.
    """
    draws = np.arange(len(events))
    single, grouped = events * (1.0 - group_share), events * group_share * group
    window = int(group.max()) if len(group) else 1
    recent = np.zeros((window, len(events)))  # p(n) of the last nodes, row n modulo the window
    recent[0] = 1.0
    total, log = np.ones(len(events)), -events
    for nodes in range(1, spares + 1):
        sooner = np.where(nodes >= group, recent[(nodes - group) % window, draws], 0.0)
        chance = (single * recent[(nodes - 1) % window] + grouped * sooner) / nodes
        recent[nodes % window] = chance
        total += chance
        large = total > LARGE
        if large.any():  # exp(-m) of many events has no double: carry its logarithm
            recent[:, large] /= LARGE
            total[large] /= LARGE
            log[large] += np.log(LARGE)
        if (nodes > single + grouped).all() and (recent < NOTHING * total).all():
            break
    return np.asarray(np.minimum(np.exp(log + np.log(total)), 1.0))


def simulated_share(
    timing: tuple[float, float, float, float],
    repair: Repair | None = None,
    *,
    failures: int = 400,
    runs: int = 1000,
    seed: int = 1,
) -> tuple[float, float]:
    """Return the useful share by simulation, and its standard error.

    Parameters
    ----------
    timing
        Rate [1/s], write, restart and interval [s], as for `useful_share`.
    repair
        Spares and repair with exponential times; a node is always at hand if left out.
    failures, runs, seed
        Failures of a run, runs side by side, and the seed.

    Notes
    -----
    Every run goes from failure to failure. After each it waits until no more nodes are out than there are
    spares, restarts, and works: whole intervals before the next failure are kept, the rest is lost. It shares
    no formula with `useful_share` and `repair_share`.
    """
    rate, write, restart, interval = timing
    rng = np.random.default_rng(seed)
    clock, kept = np.zeros(runs), np.zeros(runs)
    back = None if repair is None else np.zeros((runs, repair.spares + SLOTS * repair.group))
    for _ in range(failures):
        ready = clock + restart
        if repair is not None and back is not None:
            ready = _whole_again(clock, back, repair, rng) + restart
        following = clock + rng.exponential(1.0 / rate, runs)
        kept += interval * np.floor(np.maximum(following - ready, 0.0) / (interval + write))
        clock = following
    return float(kept.sum() / clock.sum()), float((kept / clock).std(ddof=1) / np.sqrt(runs))


def _whole_again(clock: Array, back: Array, repair: Repair, rng: np.random.Generator) -> Array:
    """Send what failed to repair, and return when no more nodes are out than there are spares [s].

    ``back`` holds when each node in repair comes back, axes (run, place); what is past is free.
    """
    runs = len(clock)
    hard = rng.random(runs) < repair.share
    grouped = hard & (rng.random(runs) < repair.group_share)
    until = clock + rng.exponential(repair.time, runs)
    back.sort(axis=1)
    back[hard, 0] = until[hard]
    back[grouped, : repair.group] = until[grouped, None]
    # At any moment the nodes out are those whose return lies ahead: the run is whole when the
    # (spares + 1)-th return from the last has come.
    return np.maximum(clock, np.sort(back, axis=1)[:, -1 - repair.spares])
