"""From a flow that is cut to the oil that is missing: bypass, spare capacity, releases and stocks.

All functions take draws and days: axes (draw, day), day 0 being the onset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["SECONDS", "Relief", "Shortage", "flow_share", "net_shortage"]

SECONDS = 86_400.0
"""Seconds of a day: flows are in m3/s, as the catalogue has them, and times in days."""


@dataclass(frozen=True, eq=False)
class Relief:
    """What makes up for a lost flow, axis (draw).

    Parameters
    ----------
    lasting
        Bypass and spare capacity once they run [m3/s].
    clock
        Time in which they reach 63 % [day].
    release, rate, delay
        Coordinated release: oil in all [m3], greatest rate [m3/s], first day [day].
    cover
        Share of what is still missing that holders of stocks meet while they have any [share].
    stocks
        Oil they can draw [m3].
    """

    lasting: Floats
    clock: Floats
    release: Floats
    rate: Floats
    delay: Floats
    cover: Floats
    stocks: Floats


@dataclass(frozen=True, eq=False)
class Shortage:
    """What is missing by day, axes (draw, day) [m3/s].

    Parameters
    ----------
    lost
        Flow that is cut.
    net
        Less bypass, spare capacity and releases.
    unmet
        Less what stocks meet: this is what price must clear.
    """

    lost: Floats
    net: Floats
    unmet: Floats


def flow_share(days: Floats, left: Floats, closed: Floats, reopening: Floats) -> Floats:
    """Return the share of normal flow that passes [share], axes (draw, day).

    Parameters
    ----------
    days
        Days since the onset; before it all passes, axis (day).
    left
        Share that passes while closed, axis (draw).
    closed
        Length of the closure [day], axis (draw); 0 changes nothing.
    reopening
        Time from the end of the closure to normal flow [day], axis (draw).

    Notes
    -----
    A straight line after the closure. Reopening takes no longer than the closure took, so that a short
    closure tends to none, and a longer one leaves no day with more flow.

    Examples
    --------
    >>> half, none = np.array([0.5]), np.array([0.0])
    >>> flow_share(np.array([0.0, 9.0, 15.0, 20.0]), half, np.array([10.0]), np.array([10.0])).tolist()
    [[0.5, 0.5, 0.75, 1.0]]
    >>> flow_share(np.array([0.0, 9.0]), half, none, np.array([10.0])).tolist()
    [[1.0, 1.0]]
    """
    ramp = np.maximum(np.minimum(reopening, closed), 1e-9)[:, None]  # a line of no length is a step
    opened = np.clip((days - closed[:, None]) / ramp, 0.0, 1.0)
    share = left[:, None] + (1.0 - left[:, None]) * opened
    found: Floats = np.where((days < 0) | (closed <= 0)[:, None], 1.0, share)
    return found


def net_shortage(flow: Floats, passing: Floats, relief: Relief) -> Shortage:
    """Return what is missing day by day.

    Parameters
    ----------
    flow
        Normal flow at risk [m3/s], axis (draw); below zero for a glut.
    passing
        Share of it that passes [share], axes (draw, day); day by day from the onset.
    relief
        What makes up for it.

    Notes
    -----
    ``net(t) = max(0, Q (1 - f) - lasting (1 - exp(-t / clock))) - release(t)``, and
    ``unmet = net - min(cover x net, what stocks hold)``. Releases and stocks end when they are empty. A
    glut meets no relief; holders take their share of it into stock. Restocking after the event is left
    out: prices were back before flows were.
    """
    lost = flow[:, None] * (1.0 - passing)
    net, unmet = np.empty_like(lost), np.empty_like(lost)
    release, stocks = relief.release.copy(), relief.stocks.copy()
    glut = flow < 0
    for day in range(lost.shape[1]):
        lasting = relief.lasting * (1.0 - np.exp(-day / relief.clock))
        need = np.maximum(lost[:, day] - lasting, 0.0)
        given = np.where(
            day >= relief.delay, np.minimum(np.minimum(relief.rate, need), release / SECONDS), 0.0
        )
        release -= given * SECONDS
        need -= given
        drawn = np.minimum(relief.cover * need, stocks / SECONDS)
        stocks -= drawn * SECONDS
        net[:, day] = np.where(glut, lost[:, day], need)
        unmet[:, day] = np.where(glut, lost[:, day] * (1.0 - relief.cover), need - drawn)
    return Shortage(lost, net, unmet)
