"""Doubt as keyed draws (convention §8).

A doubt is a value with a low and a high at a stated level, and a shape. Its draws come from a stream
keyed by (seed, key), never by order: another fact moves no draw of this one. Draws are the first axis
of every array. Every shape is a function of a standard normal score, so that a point, a quantile and
a draw run through the same function, `value_at`.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.random.bit_generator import ISeedSequence

from narrows.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "LEVELS",
    "METHODS",
    "MOST_DRAWS",
    "SHAPES",
    "Doubt",
    "default_shape",
    "normal_cdf",
    "normal_quantile",
    "quantiles",
    "sample",
    "share_error",
    "stream",
    "value_at",
]

# What low means, as a probability; high mirrors it.
LEVELS = {"P5-P95": 0.05, "P10-P90": 0.10, "P25-P75": 0.25, "min-max": 0.0, "exact": 0.5}
SHAPES = ("lognormal", "normal", "triangular", "beta", "logitnormal")
METHODS = ("random", "sobol")
MOST_DRAWS = 1_000_000  # a map of a million draws fills the memory of a small machine
SEEDS = 2**64
_NORMAL = NormalDist()


# --- streams ------------------------------------------------------------------------------------


class _Digest(ISeedSequence):
    """The state of a bit generator, straight from a cryptographic digest."""

    def __init__(self, digest: bytes) -> None:
        self.words = np.frombuffer(digest, dtype="<u8").astype(np.uint64)

    def generate_state(self, n_words: int, dtype: DTypeLike = np.uint64) -> NDArray[np.uint64]:
        del dtype  # PCG64DXSM asks for four words of 64 bits, and only for these
        return self.words[:n_words]


def stream(seed: int, key: str) -> np.random.Generator:
    """Return the stream of random numbers of a key.

    Parameters
    ----------
    seed
        A whole number from 0 to 2**64 - 1.
    key
        The name of what is drawn, for instance the id of a fact.

    Raises
    ------
    UsageError
        The seed is out of range.

    Notes
    -----
    The 256 bits of state and increment of PCG64DXSM are the BLAKE2b digest of the key, keyed by the
    seed. Two keys share a stream with a probability of about 2**-127 per pair; no hash of the seed
    sequence is needed on top of a cryptographic one, and none is paid for.

    Examples
    --------
    >>> bool(stream(7, "cowos.lag").random() == stream(7, "cowos.lag").random())
    True
    """
    if not 0 <= seed < SEEDS:
        raise UsageError(
            f"The seed is {seed}", "A seed is a whole number from 0 to 2**64 - 1", "Give --seed 7"
        )
    digest = hashlib.blake2b(key.encode(), digest_size=32, key=seed.to_bytes(8, "little")).digest()
    bits = np.random.PCG64DXSM(_Digest(digest))  # type: ignore[arg-type]  # the stub forgets ISeedSequence
    return np.random.Generator(bits)


_BITS = 52  # so that the middle of each cell, (x + 1/2) / 2**52, is a float strictly between 0 and 1


def _sobol(generator: np.random.Generator, count: int) -> Floats:
    """Return keyed, scrambled Sobol points in one dimension, axis (draw).

    Column k of the generator matrix is a direction number m_k, odd and below 2**k: a primitive
    polynomial of a degree above the number of columns leaves them all free, so they are drawn. They are
    scrambled linearly (Matousek 1998, a random unit lower triangular matrix) and shifted digitally. The
    leading minors stay regular, so each dyadic interval of length 2**-k holds exactly one of the first
    2**k points, and of each aligned block of 2**k after them.
    """
    columns = max(1, (count - 1).bit_length())
    bits = generator.integers(0, 1 << _BITS, size=(2, columns + 1), dtype=np.uint64)
    rows = np.arange(columns)
    one = np.uint64(1) << (_BITS - 1 - rows).astype(np.uint64)
    scramble = one | (bits[0, :columns] & (one - np.uint64(1)))
    free = (bits[1, :columns, None] >> rows.astype(np.uint64)) & np.uint64(1) == 1  # axis (column, row)
    chosen = np.where(rows[None, :] < rows[:, None], free, rows[None, :] == rows[:, None])
    directions = np.bitwise_xor.reduce(np.where(chosen, scramble, np.uint64(0)), axis=1)
    points = bits[0, columns:]
    for direction in directions:
        points = np.concatenate((points, points ^ direction))
    middles: Floats = (points[:count].astype(np.float64) + 0.5) * 2.0**-_BITS
    return middles


# --- the normal distribution --------------------------------------------------------------------

# Wichura (1988), algorithm AS 241, routine PPND16: numerators and denominators, highest power first.
_CENTRE = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4,
     4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3,
     1.3314166789178437745e2, 3.3871328727963666080),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4,
     2.1213794301586595867e4, 5.3941960214247511077e3, 6.8718700749205790830e2,
     4.2313330701600911252e1, 1.0),
)  # fmt: skip
_TAIL = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
     1.27045825245236838258, 3.64784832476320460504, 5.76949722146069140550,
     4.63033784615654529590, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
     1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940,
     2.05319162663775882187, 1.0),
)  # fmt: skip
_FAR = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
     2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580,
     5.46378491116411436990, 6.65790464350110377720),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
     7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
     5.99832206555887937690e-1, 1.0),
)  # fmt: skip
_CENTRE_HALF, _CENTRE_SHIFT = 0.425, 0.180625
_TAIL_SHIFT, _FAR_FROM = 1.6, 5.0

# Cody (1969), "Rational Chebyshev approximations for the error function", as used in CALERF.
_ERF = (
    (1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2,
     3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)  # fmt: skip
_ERFC_MIDDLE = (
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
     2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
     1.23033935479799725e3),
    (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
     3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
)  # fmt: skip
_ERFC_FAR = (
    (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
     1.60837851487422766e-2, 6.58749161529837803e-4),
    (1.0, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2,
     2.33520497626869185e-3),
)  # fmt: skip
_ERF_TO, _MIDDLE_TO = 0.46875, 4.0
_GRAIN = 16.0  # exp(-z*z/2) is split at a sixteenth, where the square is exact
_NOTHING_BEYOND = 60.0  # exp(-1800) is zero


def _rational(pair: tuple[tuple[float, ...], tuple[float, ...]], x: Floats) -> Floats:
    above, below = (np.full_like(x, part[0]) for part in pair)
    for up, down in zip(pair[0][1:], pair[1][1:], strict=True):
        above *= x
        above += up
        below *= x
        below += down
    above /= below
    return above


def normal_quantile(probability: ArrayLike) -> Floats:
    """Return standard normal scores of probabilities.

    Parameters
    ----------
    probability
        Probabilities, 0 to 1 [share], any shape; 0 and 1 give infinite scores.

    Returns
    -------
    numpy.ndarray
        Scores of the same shape; relative error about 1e-15.

    Raises
    ------
    UsageError
        A probability is outside 0 to 1, or not a number.

    Source
    ------
    Wichura (1988), Applied Statistics 37, algorithm AS 241, PPND16.

    Examples
    --------
    >>> float(normal_quantile(0.975).round(6))
    1.959964
    """
    p = np.asarray(probability, dtype=np.float64)
    if not bool(np.all((p >= 0) & (p <= 1))):
        raise UsageError(
            "A probability is outside 0 to 1 or is not a number",
            "Probabilities are numbers from 0 to 1",
            "Divide percentages by 100",
        )
    q = np.atleast_1d(p) - 0.5
    scores = q * _rational(_CENTRE, _CENTRE_SHIFT - q * q)
    outside = np.flatnonzero(np.abs(q) > _CENTRE_HALF)
    if outside.size:
        flat, side = np.atleast_1d(p).ravel()[outside], q.ravel()[outside]
        with np.errstate(divide="ignore", invalid="ignore"):
            r = np.sqrt(-np.log(np.where(side < 0, flat, 1 - flat)))
            tail = np.where(r <= _FAR_FROM, _rational(_TAIL, r - _TAIL_SHIFT), _rational(_FAR, r - _FAR_FROM))
        tail[np.isinf(r)] = np.inf
        scores.ravel()[outside] = np.copysign(tail, side)
    return scores.reshape(p.shape)


def normal_cdf(score: ArrayLike) -> Floats:
    """Return the probability below standard normal scores [share].

    Parameters
    ----------
    score
        Standard normal scores, any shape.

    Returns
    -------
    numpy.ndarray
        Probabilities of the same shape; relative error below 2e-14 for scores above -8.

    Source
    ------
    Cody (1969), Mathematics of Computation 23, 631-637.

    Examples
    --------
    >>> float(normal_cdf(0.0)), float(normal_cdf(-1.959963984540054).round(12))
    (0.5, 0.025)
    """
    z = np.asarray(score, dtype=np.float64)
    beyond = np.abs(np.atleast_1d(z)).ravel()
    x = beyond / math.sqrt(2)
    upper = np.empty_like(x)  # half of erfc(x): the probability beyond the score
    near, far = x <= _ERF_TO, x > _MIDDLE_TO
    middle = ~(near | far)
    upper[near] = 0.5 - 0.5 * x[near] * _rational(_ERF, x[near] ** 2)
    upper[middle] = 0.5 * _bell(beyond[middle]) * _rational(_ERFC_MIDDLE, x[middle])
    if far.any():
        away = np.minimum(beyond[far], _NOTHING_BEYOND)
        r = 2 / away**2
        series = 1 / math.sqrt(math.pi) - r * _rational(_ERFC_FAR, r)
        upper[far] = _bell(away) / (math.sqrt(2) * away) * series
    upper = upper.reshape(np.atleast_1d(z).shape)
    return np.where(np.atleast_1d(z) > 0, 1 - upper, upper).reshape(z.shape)


def _bell(z: Floats) -> Floats:
    """Return exp(-z*z/2) without the rounding error of z*z."""
    head = np.trunc(z * _GRAIN) / _GRAIN
    product: Floats = np.exp(-head * head / 2) * np.exp((head - z) * (head + z) / 2)
    return product


# --- doubt --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Doubt:
    """A value in doubt.

    Parameters
    ----------
    value
        The median; the mode for a triangular shape, and for a beta shape at min-max [any unit].
    low, high
        What is stated about the two sides, in the unit of the value.
    level
        What low and high mean: a key of `LEVELS`.
    shape
        One of `SHAPES`.

    Raises
    ------
    UsageError
        A number is not finite, low <= value <= high does not hold, or the shape cannot have these.
    UnknownNameError
        The level or the shape is not known.

    Notes
    -----
    - low = high: the value is fixed.
    - lognormal, normal: two pieces about the median, so that low, value and high are met exactly:
      value * exp(s z) and value + s z, with one s below the median and another above it.
    - triangular: the mode is the value; the ends are such that low and high have their probabilities,
      or are the ends at min-max.
    - logitnormal: for shares, the usual one. Two pieces about the median in the log-odds.
    - beta: for shares. Two pieces about the median, each from the beta distribution that meets the
      median and one side exactly. At min-max the PERT distribution on low to high with mode value.
    - A lognormal, normal or logitnormal reaches no end: min-max is refused for them.

    Examples
    --------
    >>> Doubt(14500.0, 14000.0, 15000.0, "P10-P90", "lognormal").fixed
    False
    """

    value: float
    low: float
    high: float
    level: str
    shape: str

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise UnknownNameError("level", self.level, LEVELS, "State what low and high mean")
        if self.shape not in SHAPES:
            raise UnknownNameError("shape", self.shape, SHAPES, "Leave the shape out to have the usual one")
        stated = f"Low, value and high are {self.low:g}, {self.value:g}, {self.high:g}"
        if not all(map(math.isfinite, (self.low, self.value, self.high))):
            raise UsageError(
                stated, "All three are finite numbers", "Leave the fact out where nothing is known"
            )
        if not self.low <= self.value <= self.high:
            raise UsageError(stated, "They stand in this order, low <= value <= high", "Order them")
        if self.level == "exact" and not self.fixed:
            raise UsageError(
                f"{stated} at level 'exact'",
                "An exact value has low = high",
                "State a level such as 'P10-P90'",
            )
        if not self.fixed:
            _check_shape(self, stated)

    @property
    def fixed(self) -> bool:
        """Whether low = high: every draw is the value."""
        return self.low == self.high


def _check_shape(doubt: Doubt, stated: str) -> None:
    """Refuse numbers that a shape cannot have."""
    extremes = doubt.level == "min-max"
    if extremes and doubt.shape in {"lognormal", "normal", "logitnormal"}:
        raise UsageError(
            f"The shape {doubt.shape!r} stands at level 'min-max'",
            f"A {doubt.shape} has no least and no greatest value",
            "Use the shape 'triangular', or state quantiles such as 'P5-P95'",
        )
    if doubt.shape == "lognormal" and doubt.low <= 0:
        raise UsageError(
            f"{stated} for a lognormal", "A lognormal is above 0", "Use the shape 'normal' or 'triangular'"
        )
    share = doubt.shape in {"beta", "logitnormal"}
    if share and not (doubt.low >= 0 and doubt.high <= 1):
        raise UsageError(
            f"{stated} for a {doubt.shape}", "A share lies in 0 to 1", "Divide percentages by 100"
        )
    if share and not extremes and not (doubt.low > 0 and doubt.high < 1):
        raise UsageError(
            f"{stated} for a {doubt.shape} at level {doubt.level!r}",
            "Its quantiles lie strictly between 0 and 1",
            "Use the level 'min-max' where 0 or 1 is the end of what can be",
        )


def default_shape(low: float, level: str, *, share: bool) -> str:
    """Return the shape of a doubt that states none.

    Parameters
    ----------
    low
        The low side [any unit].
    level
        A key of `LEVELS`.
    share
        Whether the quantity is a share, 0 to 1.

    Notes
    -----
    logitnormal for shares, but beta (PERT) for their extremes; triangular for other extremes,
    lognormal above 0, else normal.

    Examples
    --------
    >>> default_shape(0.2, "P10-P90", share=True), default_shape(0.2, "min-max", share=False)
    ('logitnormal', 'triangular')
    """
    if share:
        return "beta" if level == "min-max" else "logitnormal"
    if level == "min-max":
        return "triangular"
    return "lognormal" if low > 0 else "normal"


def value_at(doubt: Doubt, score: ArrayLike) -> Floats:
    """Return the values of a doubt at standard normal scores, in the unit of the doubt.

    Parameters
    ----------
    doubt
        What is in doubt.
    score
        Standard normal scores, any shape; 0 is the median.

    Returns
    -------
    numpy.ndarray
        Values of the same shape, rising with the score.

    Notes
    -----
    Exact but for rounding, save beta: there the tabulated inverse is within 1e-5 of the exact share.

    Examples
    --------
    >>> doubt = Doubt(100.0, 50.0, 300.0, "P10-P90", "lognormal")
    >>> value_at(doubt, normal_quantile([0.1, 0.5, 0.9])).round(9)
    array([ 50., 100., 300.])
    """
    z = np.asarray(score, dtype=np.float64)
    if doubt.fixed:
        return np.full_like(z, doubt.value)
    return _VALUES[doubt.shape](doubt, z)


def _reach(doubt: Doubt) -> float:
    """Return the score of the high side."""
    return -_NORMAL.inv_cdf(LEVELS[doubt.level])


def _two_sided(z: Floats, below: float, above: float) -> Floats:
    """Return scores times one spread below the median and another above it.

    Where the spread above is the wider one, the greater of the two products is that of the right side.
    """
    if below == above:
        return z * below
    wider = np.maximum if above > below else np.minimum
    product: Floats = wider(z * below, z * above)
    return product


def _lognormal(doubt: Doubt, z: Floats) -> Floats:
    reach = _reach(doubt)
    below, above = math.log(doubt.value / doubt.low) / reach, math.log(doubt.high / doubt.value) / reach
    values = _two_sided(z, below, above)
    values = np.exp(values)
    values *= doubt.value
    return values


def _normal(doubt: Doubt, z: Floats) -> Floats:
    reach = _reach(doubt)
    below, above = (doubt.value - doubt.low) / reach, (doubt.high - doubt.value) / reach
    return doubt.value + _two_sided(z, below, above)


def _logitnormal(doubt: Doubt, z: Floats) -> Floats:
    reach, middle = _reach(doubt), _log_odds(doubt.value)
    below, above = (middle - _log_odds(doubt.low)) / reach, (_log_odds(doubt.high) - middle) / reach
    share: Floats = 1.0 / (1.0 + np.exp(-middle - _two_sided(z, below, above)))
    return share


def _triangular(doubt: Doubt, z: Floats) -> Floats:
    least, greatest = _triangle(doubt)
    width = greatest - least
    rising, falling = doubt.value - least, greatest - doubt.value
    tail = normal_cdf(-np.abs(z))
    below, above = np.where(z < 0, tail, 1 - tail), np.where(z < 0, 1 - tail, tail)
    values = np.where(
        below * width < rising,
        least + np.sqrt(below * width * rising),
        greatest - np.sqrt(above * width * falling),
    )
    return np.clip(values, least, greatest)


def _triangle(doubt: Doubt) -> tuple[float, float]:
    """Return the ends of a triangle with a mode and two quantiles.

    With r the share of the width below the mode and p the probability beyond each side, low lies
    width * (r - sqrt(p r)) below the mode and high width * (1 - r - sqrt(p (1 - r))) above it. Their
    ratio rises with r from p to 1 - p, so that bisection finds the one r.
    """
    p = LEVELS[doubt.level]
    below, above = doubt.value - doubt.low, doubt.high - doubt.value

    def reach(r: float) -> float:
        return r - math.sqrt(p * r)

    start, stop = p, 1 - p
    for _ in range(60):  # 2**-60 of the interval: beyond the last bit
        r = (start + stop) / 2
        start, stop = (r, stop) if below * reach(1 - r) > above * reach(r) else (start, r)
    r = (start + stop) / 2
    width = (below + above) / (reach(r) + reach(1 - r))
    return doubt.value - r * width, doubt.value + (1 - r) * width


# --- beta ---------------------------------------------------------------------------------------

_NODES = 2001  # nodes of the log-odds of one distribution
_CELLS = 4096  # cells of the table of shares over scores
_TABLE_TO = 8.5  # of a score: the farthest score of 52 bits is 8.2
_FARTHEST = 40.0  # exp(-40) is below the last bit of a probability
_TRIES = 60
_LEAST, _TINY = 1e-16, 1e-300  # the least distance of a probability from 1, and from 0
_CLOSE, _CLOSE_ENOUGH = 1e-7, 1e-6  # of a score: where Newton stops, and what is still a fit
_HALF_LINE = np.linspace(-3.4, 6.5, 160)  # exp(y - exp(-y)) runs from 1e-14 to 660
_REACHED = np.exp(_HALF_LINE - np.exp(-_HALF_LINE))
_WEIGHT = _REACHED * (1 + np.exp(-_HALF_LINE)) * (_HALF_LINE[1] - _HALF_LINE[0])


def _log_odds(share: float) -> float:
    return math.log(share) - math.log1p(-share)


def _log_sides(t: Floats) -> tuple[Floats, Floats]:
    """Return log(x) and log(1 - x) at the log-odds t of x."""
    above = np.logaddexp(0.0, t)
    return t - above, -above


def _peak(a: float, b: float) -> float:
    """Return the log of x**a (1-x)**b where it is greatest, at x = a/(a+b)."""
    return -a * math.log1p(b / a) - b * math.log1p(a / b)


def _beta_cdf(a: float, b: float, t: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the probabilities below log-odds t, and their slopes by log a and log b, axis (point).

    With x the share at the log-odds t, the density by t is x**a (1-x)**b / B(a, b). Each side of a point
    is an integral over a half line, by the trapezoid rule after the substitution s = exp(y - exp(-y)).
    """
    spread = math.sqrt(1 / a + 1 / b)
    log_x, log_rest = _log_sides(t[:, None, None] + np.array([[-spread], [spread]]) * _REACHED)
    mass = np.exp(a * log_x + b * log_rest - _peak(a, b)) * _WEIGHT  # axis (point, side, node)
    parts = np.stack([mass.sum(-1), (mass * log_x).sum(-1), (mass * log_rest).sum(-1)])
    (left, left_a, left_b), (both, both_a, both_b) = parts[:, :, 0], parts.sum(-1)
    below = left / both
    return below, a * (left_a - below * both_a) / both, b * (left_b - below * both_b) / both


def _beta_fit(low: float, high: float, low_score: float, high_score: float) -> tuple[float, float]:
    """Return the parameters of the beta distribution with two quantiles, by Newton on the scores."""
    t = np.array([_log_odds(low), _log_odds(high)])
    spread = float(t[1] - t[0]) / (high_score - low_score)
    middle = math.exp(t[0] - low_score * spread)
    log_a, log_b = math.log((1 + middle) / spread**2), math.log((1 + 1 / middle) / spread**2)
    miss = math.inf
    for _ in range(_TRIES):
        a, b = math.exp(log_a), math.exp(log_b)
        rows = np.stack(_beta_cdf(a, b, t), axis=1).tolist()
        scores = [_NORMAL.inv_cdf(min(max(below, _LEAST), 1 - _LEAST)) for below, _, _ in rows]
        first, second = low_score - scores[0], high_score - scores[1]
        miss = max(abs(first), abs(second))
        if miss < _CLOSE:
            break
        (_, first_a, first_b), (_, second_a, second_b) = rows
        first, second = first * _NORMAL.pdf(scores[0]), second * _NORMAL.pdf(scores[1])
        minor = first_a * second_b - first_b * second_a
        log_a += max(-1.0, min(1.0, (first * second_b - second * first_b) / minor))
        log_b += max(-1.0, min(1.0, (second * first_a - first * second_a) / minor))
    if not miss < _CLOSE_ENOUGH:
        raise UsageError(
            f"No beta distribution was found with {low:g} and {high:g} as quantiles",
            "A share in doubt is not next to 0 or 1",
            "Use the level 'min-max' or the shape 'triangular'",
        )
    return a, b


def _beta_odds(a: float, b: float, score: Floats) -> Floats:
    """Return the log-odds of a beta distribution at rising scores, axis (score)."""
    spread = math.sqrt(1 / a + 1 / b)
    reach = math.asinh(10 + _FARTHEST / (min(a, b) * spread))
    y, step = np.linspace(-reach, reach, _NODES, retstep=True)
    t = math.log(a / b) + spread * np.sinh(y)
    log_x, log_rest = _log_sides(t)
    density = np.exp(a * log_x + b * log_rest - _peak(a, b)) * np.cosh(y)
    bend = step / 12 * np.gradient(density)  # Euler-Maclaurin: the trapezoid rule, two orders up
    chunks = step / 2 * (density[1:] + density[:-1])
    left = np.concatenate(([0.0], np.cumsum(chunks))) - bend
    right = np.concatenate((np.cumsum(chunks[::-1])[::-1], [0.0])) + bend
    below = left < right
    part = np.where(below, left, right) / (left + right)
    kept = part > _TINY
    scores = normal_quantile(part[kept])
    odds: Floats = np.interp(score, np.where(below[kept], scores, -scores), t[kept])
    return odds


@lru_cache(maxsize=1024)
def _beta_table(doubt: Doubt) -> Floats:
    """Return the shares at evenly spaced scores, axis (node)."""
    score = np.linspace(-_TABLE_TO, _TABLE_TO, _CELLS + 1)
    if doubt.level == "min-max":
        width = doubt.high - doubt.low
        a, b = 1 + 4 * (doubt.value - doubt.low) / width, 1 + 4 * (doubt.high - doubt.value) / width
        within: Floats = doubt.low + width / (1 + np.exp(-_beta_odds(a, b, score)))
        return within
    reach, half = _reach(doubt), _CELLS // 2
    odds = np.full_like(score, _log_odds(doubt.value))
    if doubt.low < doubt.value:
        odds[:half] = _beta_odds(*_beta_fit(doubt.low, doubt.value, -reach, 0.0), score[:half])
    if doubt.value < doubt.high:
        odds[half + 1 :] = _beta_odds(*_beta_fit(doubt.value, doubt.high, 0.0, reach), score[half + 1 :])
    shares: Floats = 1 / (1 + np.exp(-odds))
    return shares


def _beta(doubt: Doubt, z: Floats) -> Floats:
    table = _beta_table(doubt)
    place = (np.clip(z, -_TABLE_TO, _TABLE_TO) + _TABLE_TO) * (_CELLS / (2 * _TABLE_TO))
    cell = np.minimum(place.astype(np.intp), _CELLS - 1)
    under = table[cell]
    values: Floats = under + (table[cell + 1] - under) * (place - cell)
    return values


_VALUES = {
    "lognormal": _lognormal,
    "normal": _normal,
    "triangular": _triangular,
    "beta": _beta,
    "logitnormal": _logitnormal,
}


# --- sampling -----------------------------------------------------------------------------------


def _scores(count: int, seed: int, key: str, method: str) -> Floats:
    generator = stream(seed, key)
    return (
        generator.standard_normal(count) if method == "random" else normal_quantile(_sobol(generator, count))
    )


@lru_cache(maxsize=64)
def _common(count: int, seed: int, group: str, method: str) -> Floats:
    """Return the scores of a common cause; its members are drawn one after another."""
    return _scores(count, seed, f"group:{group}", method)


def sample(
    doubt: Doubt,
    n: int,
    seed: int,
    key: str,
    *,
    group: str | None = None,
    correlation: float = 0.0,
    method: str = "random",
) -> Floats:
    """Return draws of a doubt, in its unit.

    Parameters
    ----------
    doubt
        What is in doubt.
    n
        Number of draws, 1 to 1,000,000.
    seed
        A whole number from 0 to 2**64 - 1.
    key
        The name of what is drawn; the same seed and key give the same draws, whatever else is drawn.
    group
        Name of the common cause, if any; it has a stream of its own.
    correlation
        Share of the variance of the score that the common cause explains, 0 to 1; only with a group.
    method
        ``random`` or ``sobol`` (scrambled, stratified).

    Returns
    -------
    numpy.ndarray
        Draws, axis (draw).

    Raises
    ------
    UsageError
        The number of draws or the correlation is out of range, or a correlation has no group.
    UnknownNameError
        The method is not known.

    Notes
    -----
    Score of a draw: z = sqrt(rho) z_group + sqrt(1 - rho) z_own (one-factor Gaussian copula), so that
    the scores of two members of a group correlate by sqrt(rho_1 rho_2). With ``sobol`` each score alone
    is stratified; their sum is not, yet converges faster than random draws.

    Examples
    --------
    >>> draws = sample(Doubt(0.3, 0.1, 0.4, "min-max", "triangular"), 1000, 7, "grid.share")
    >>> bool(draws.min() >= 0.1 and draws.max() <= 0.4)
    True
    """
    if not 1 <= n <= MOST_DRAWS:
        raise UsageError(
            f"Draws are {n}", f"Draws are a whole number from 1 to {MOST_DRAWS}", "Give --draws 10000"
        )
    if method not in METHODS:
        raise UnknownNameError("method", method, METHODS, "Choose one of these")
    if not 0 <= correlation <= 1:
        raise UsageError(
            f"The correlation of {key!r} is {correlation}", "A correlation lies in 0 to 1", "Change it"
        )
    if correlation and group is None:
        raise UsageError(
            f"The correlation of {key!r} is {correlation} without a group",
            "A correlation is with the common cause of a group",
            "Name the group, or leave the correlation out",
        )
    if doubt.fixed:
        return np.broadcast_to(np.float64(doubt.value), n)
    scores = _scores(n, seed, key, method)
    if group is not None and correlation:
        common = _common(n, seed, group, method)
        scores = math.sqrt(correlation) * common + math.sqrt(1 - correlation) * scores
    return value_at(doubt, scores)


def share_error(p: float, n: int) -> float:
    """Return the standard error of a share counted over draws [share].

    Parameters
    ----------
    p
        The share, 0 to 1 [share].
    n
        Number of independent draws, at least 1.

    Raises
    ------
    UsageError
        The share or the number is out of range.

    Notes
    -----
    sqrt(p (1 - p) / n). It says nothing where p is 0 or 1: then the share is within 3/n with 95 %.

    Examples
    --------
    >>> round(share_error(0.41, 10_000), 4)
    0.0049
    """
    if not 0 <= p <= 1 or n < 1:
        raise UsageError(
            f"The share is {p} of {n} draws",
            "A share lies in 0 to 1 and has at least 1 draw",
            "Count it again",
        )
    return math.sqrt(p * (1 - p) / n)


def quantiles(array: ArrayLike, probabilities: Sequence[float]) -> Floats:
    """Return quantiles over draws, in the unit of the array.

    Parameters
    ----------
    array
        Values, axes (draw, ...); infinite values are allowed and mean no limit.
    probabilities
        Probabilities, 0 to 1 [share], axis (probability).

    Returns
    -------
    numpy.ndarray
        Quantiles, axes (probability, ...).

    Raises
    ------
    UsageError
        There are no draws, a value is not a number, or a probability is outside 0 to 1.

    Notes
    -----
    The quantile p of n sorted values lies at place p (n - 1), between two values in proportion.

    Examples
    --------
    >>> quantiles([3.0, 1.0, 2.0, np.inf], [0.0, 0.5, 1.0])
    array([1. , 2.5, inf])
    """
    values = np.asarray(array, dtype=np.float64)
    if values.size == 0 or np.isnan(values).any():
        raise UsageError(
            "Quantiles were asked of values that are empty or not numbers",
            "Every draw has a number; infinite is allowed",
            "Leave out what is not known before drawing",
        )
    if not all(0 <= p <= 1 for p in probabilities):
        raise UsageError(
            f"The probabilities are {list(probabilities)}",
            "Probabilities lie in 0 to 1",
            "Divide percentages by 100",
        )
    places = np.asarray(probabilities, dtype=np.float64) * (len(values) - 1)
    under = np.floor(places).astype(int)
    over = np.ceil(places).astype(int)
    ordered = np.sort(
        np.ascontiguousarray(values.T), axis=-1
    ).T  # a whole sort beats a partition at six places
    least, most = ordered[under], ordered[over]
    weight = (places - under).reshape((-1,) + (1,) * (values.ndim - 1))
    with np.errstate(invalid="ignore"):
        found: Floats = np.where(
            (least == most) | (weight == 0) | np.isinf(least), least, least + weight * (most - least)
        )
    return found
