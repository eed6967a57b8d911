"""Dies on a wafer, and how many of them are good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Numbers = Floats | float

__all__ = ["dies_per_wafer", "good_share", "sides"]


def sides(area: Numbers, shape: Numbers = 1.0) -> tuple[Floats, Floats]:
    """Return the short and the long side of a rectangle.

    Parameters
    ----------
    area
        Area [m2].
    shape
        Long over short side, at least 1.

    Examples
    --------
    >>> [round(float(side) * 1e3, 1) for side in sides(858e-6, 33 / 26)]
    [26.0, 33.0]
    """
    short = np.sqrt(np.asarray(area, dtype=np.float64) / shape)
    return short, short * shape


def dies_per_wafer(width: Numbers, height: Numbers, diameter: Numbers, edge: Numbers = 0.0) -> Floats:
    """Return the count of whole dies of a grid on a wafer.

    Parameters
    ----------
    width, height
        Sides of one die with its street [m]; any shape that broadcasts.
    diameter, edge
        Diameter of the wafer, and its rim without dies [m].

    Returns
    -------
    numpy.ndarray
        Dies, as the best of four places of the grid: a die or a street in the middle, in both directions.

    Raises
    ------
    UsageError
        A side or the usable wafer is not above zero.

    Notes
    -----
    A row whose farther edge is y from the middle holds the dies between -x and x, x = sqrt(R^2 - y^2).

    Examples
    --------
    >>> int(dies_per_wafer(0.0253, 0.0322, 0.3, 0.003))
    64
    """
    wide, tall, across, rim = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(side, dtype=np.float64)) for side in (width, height, diameter, edge))
    )
    radius = across / 2 - rim
    if not (np.all(wide > 0) and np.all(tall > 0) and np.all(radius > 0)):
        raise UsageError(
            "A die or the usable wafer has no size",
            "Sides and radius are above 0 m",
            "Give sides in metres, such as 0.026",
        )
    rows = int(np.max(np.ceil(radius / tall))) + 1
    best = np.zeros(wide.shape)
    for shifted in (False, True):  # a street, or a row of dies, in the middle
        for centred in (False, True):
            best = np.maximum(best, _count(wide, tall, radius, rows, shifted=shifted, centred=centred))
    shape = np.broadcast_shapes(*(np.shape(side) for side in (width, height, diameter, edge)))
    return best.reshape(shape)


def _count(wide: Floats, tall: Floats, radius: Floats, rows: int, *, shifted: bool, centred: bool) -> Floats:
    """Return the dies of one place of the grid."""
    found = np.zeros(wide.shape)
    for row in range(rows):
        far = tall * (row + 0.5) if shifted else tall * (row + 1.0)
        half = np.sqrt(np.maximum(radius**2 - far**2, 0.0))
        along = 2 * np.floor(half / wide + 0.5) - 1 if centred else 2 * np.floor(half / wide)
        along = np.where(half > 0, np.maximum(along, 0.0), 0.0)
        found += along if shifted and row == 0 else 2 * along
    return found


def good_share(
    area: Numbers, density: Numbers, clustering: Numbers | None = None, salvaged: Numbers = 0.0
) -> Floats:
    """Return the share of dies that can be sold.

    Parameters
    ----------
    area
        Area of one die [m2].
    density
        Killing defects [1/m2].
    clustering
        Exponent of the negative binomial law; the law of Poisson, its limit, where it is left out.
    salvaged
        Share of the dies with defects that are sold with units switched off.

    Notes
    -----
    Y = exp(-A D), or (1 + A D / a)^-a; sold = Y + (1 - Y) s.

    Examples
    --------
    >>> round(float(good_share(814e-6, 1000.0, 2.0)), 3), round(float(good_share(814e-6, 1000.0)), 3)
    (0.505, 0.443)
    """
    faults = np.asarray(area, dtype=np.float64) * density
    if clustering is None:
        whole = np.exp(-faults)
    else:
        clumped = np.asarray(clustering, dtype=np.float64)
        whole = (1.0 + faults / clumped) ** -clumped
    return np.asarray(whole + (1.0 - whole) * salvaged, dtype=np.float64)
