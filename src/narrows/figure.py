"""A published number that can answer "why?", and how numbers are written for people.

A figure carries its value with doubt, its formula and the ids of the facts it read (convention §6).
"""

from __future__ import annotations

import importlib
import math
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from narrows.errors import NarrowsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Comparison", "Figure", "Shown", "compared", "number", "plus_minus"]

_STEPS = ((1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e3, "k"))
_PLAIN_BELOW = 1e4  # a year or a price of four digits reads better in full
_SMALL = 1e-4  # below it, powers of ten


class Shown:
    """What a result of the house has in common: a notebook shows it, and pandas takes its numbers.

    The report that knows how is loaded when it is asked for.
    """

    __slots__ = ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Return the result as a notebook shows it, by media type."""
        del include, exclude
        found: dict[str, str] = importlib.import_module("narrows.report.notebook").bundle(self)
        return found

    def _repr_html_(self) -> str:
        """Return the result as HTML."""
        return self._repr_mimebundle_()["text/html"]

    def to_frame(self) -> Any:
        """Return the numbers as a data frame of pandas, one row a number.

        Raises
        ------
        DataError
            If pandas is not there.
        """
        return importlib.import_module("narrows.report.notebook").frame(self)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row of the validation table: predicted against measured.

    Parameters
    ----------
    room, dataset
        Which room is compared with which measurements.
    quantity, metric
        What is compared, and how.
    value
        The outcome; None where it was not run.
    goal
        What it should be, in words and numbers.
    baseline
        What a simple rule reaches; None for none.
    n
        Number of cases.
    holds
        Whether the goal is met; None where it was not run, or is for information.

    Examples
    --------
    >>> Comparison("a", "b", "c", "relative error", 0.31, "within 0.20", None, 4, False).holds
    False
    """

    room: str
    dataset: str
    quantity: str
    metric: str
    value: float | None
    goal: str
    baseline: float | None
    n: int
    holds: bool | None


def compared(room: str, dataset: str, part: Callable[[], Iterable[Comparison]]) -> Iterator[Comparison]:
    """Yield the rows of one part of a validation, and say so where its table lacks what the part needs.

    Parameters
    ----------
    room, dataset
        Room and measurements, for the row that says what was not run.
    part
        Gives the rows.

    Notes
    -----
    Tables of other rows than ours are read as well: a part without a single case, or one that asks for a row
    that is not there, is *not run*, which is no success, and the other parts go on.

    Examples
    --------
    >>> [(row.metric, row.holds) for row in compared("room", "b.csv", lambda: {}["2024"])]
    [("not run: no '2024'", None)]
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # means of no rows, told below
        try:
            for row in part():
                empty = row.value is not None and math.isnan(row.value)
                yield replace(row, metric="not run: no rows", value=None, holds=None) if empty else row
        except (NarrowsError, LookupError, ValueError, ZeroDivisionError, FileNotFoundError) as error:
            reason = error.given if isinstance(error, NarrowsError) else str(error).splitlines()[0]
            what = f"no {reason}" if isinstance(error, KeyError) else reason
            yield Comparison(room, dataset, "what follows", f"not run: {what}", None, "", None, 0, None)


@dataclass(frozen=True, slots=True)
class Figure(Shown):
    """One published number.

    Parameters
    ----------
    id
        Its name, ``subject.quantity[.when]``.
    value
        The number [unit].
    p05, p50, p95
        Its quantiles over draws [unit].
    unit
        Unit as text.
    formula
        How it follows from the facts, in words of the trade.
    reads
        Ids of the facts it read.
    vintage
        Day of the facts, YYYY-MM-DD.
    model
        Version of the model.
    seed
        Seed of the draws.
    draws
        Number of draws; 0 for a number without doubt.
    note
        What a reader must know besides.

    Examples
    --------
    >>> stated = ("MW", "b of a", ("a.x",), "2026-06-30", "0.1.0", 7, 100)
    >>> figure = Figure("a.b", 2.0, 1.0, 2.0, float("inf"), *stated)
    >>> figure.to_json()["p95"], figure.to_json()["reason"]
    (None, 'p95 has no limit')
    """

    id: str
    value: float
    p05: float
    p50: float
    p95: float
    unit: str
    formula: str
    reads: tuple[str, ...]
    vintage: str
    model: str
    seed: int
    draws: int
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the envelope that every face of the house gives for a number.

        Returns
        -------
        dict
            ``id, value, unit, p05, p50, p95, formula, sources, vintage, model_version, seed, draws`` and,
            where they are needed, ``note`` and ``reason``. ``sources`` holds the ids of the facts, each of
            which names its source. Numbers are finite: any other becomes None, and ``reason`` says why
            (convention §2).
        """
        numbers = {"value": self.value, "p05": self.p05, "p50": self.p50, "p95": self.p95}
        finite = {name: value if math.isfinite(value) else None for name, value in numbers.items()}
        reasons = [f"{name} {_absence(value)}" for name, value in numbers.items() if not math.isfinite(value)]
        envelope = {
            "id": self.id,
            "value": finite.pop("value"),
            "unit": self.unit,
            **finite,
            "formula": self.formula,
            "sources": list(self.reads),
            "vintage": self.vintage,
            "model_version": self.model,
            "seed": self.seed,
            "draws": self.draws,
        }
        extras = {"note": self.note, "reason": "; ".join(reasons)}
        return envelope | {name: text for name, text in extras.items() if text}


def _absence(value: float) -> str:
    return "is not known" if math.isnan(value) else "has no limit"


def number(value: float, digits: int = 3) -> str:
    """Write a number for people, rounded once, from its exact binary value.

    Parameters
    ----------
    value
        Any number.
    digits
        Significant digits, at least 1.

    Returns
    -------
    str
        With k, M, bn, tn from 10,000 on; "no limit" for an infinite number, "not known" for none.

    Notes
    -----
    Digits in front of the decimal point are never blanked: 1979 with 3 digits is 1979. Zeros at the end
    of a fraction are dropped.

    Examples
    --------
    >>> number(14500), number(2.5e9), number(0.41234), number(-1979.4), number(999_960)
    ('14.5 k', '2.5 bn', '0.412', '-1979', '1 M')
    """
    if not math.isfinite(value):
        return ("-" if value < 0 else "") + _absence(value).removeprefix("is ").removeprefix("has ")
    size = abs(float(f"{value:.{digits - 1}e}"))
    if size == 0:
        return "0"
    if size < _SMALL:
        mantissa, power = f"{value:.{digits - 1}e}".split("e")
        return f"{_trim(mantissa)}e{int(power)}"
    steps = _STEPS if abs(value) >= _PLAIN_BELOW - 0.5 else ()
    scale, suffix = next((step for step in steps if size >= step[0]), (1.0, ""))
    whole = math.floor(math.log10(size / scale)) + 1  # digits in front of the point
    kept = max(digits, whole)
    rounded = float(f"{value:.{kept - 1}e}")
    return _trim(f"{rounded / scale:.{kept - whole}f}") + (f" {suffix}" if suffix else "")


def _trim(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def plus_minus(value: float, error: float) -> str:
    """Write a number with its sampling error, both to the first digit of the error.

    Parameters
    ----------
    value
        The number.
    error
        Half the width of its interval, in the unit of the value; 0 or a number that is not finite
        writes the value alone.

    Notes
    -----
    The error is rounded up, never down.

    Examples
    --------
    >>> plus_minus(0.41234, 0.0096), plus_minus(1234.0, 20.1), plus_minus(1.0, 0.0)
    ('0.41 ± 0.01', '1230 ± 30', '1')
    """
    if not (math.isfinite(value) and math.isfinite(error)) or error <= 0:
        return number(value)
    places = -math.floor(math.log10(error))
    step = math.ceil(round(error * 10.0**places, 9))
    if step == 10:  # noqa: PLR2004 - rounded up to the next power of ten
        places, step = places - 1, 1
    shown = max(0, places)
    return f"{round(value, places):.{shown}f} ± {step * 10.0**-places:.{shown}f}"
