"""Words with numbers in them: ``{id|unit}`` becomes the number as it stands, with a link to its own page.

The words of a page never hold a number of the world themselves. Where one belongs they hold its id, of a fact
or of a figure, and what is shown is asked of the study.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from narrows.errors import UnknownNameError, UsageError
from narrows.figure import number
from narrows.report.pages.parts import fact_link, joined, link, num
from narrows.report.pages.question import Question
from narrows.report.words import percent
from narrows.units import from_canonical, parse, to_canonical

if TYPE_CHECKING:
    from narrows.report.pages.study import Study

__all__ = ["NONE", "QUICK", "Shown", "quick_of", "spoken_unit"]

NONE = "not known"
QUICK = frozenset({"cascade", "facility", "makers", "plant"})
"""Families that pages ask with the draws of a what-if, since all draws of the map take seconds."""
FIRST, VALUE = "FIRST", "VALUE"
"""Words for the first quarter of the map, and for the one from which rents are counted."""
NEEDING = frozenset({"derived", "inference"})
"""Families whose figures need facts that are not stated of every thing: what lacks one is not known."""
MEDIANS = frozenset({"inference", "power_date", "time", "training"})
"""Families whose median is told: of dates that may never come, and of money in doubt by factors."""
PURE = frozenset({"1", "ratio", "share"})
UNITS = {
    "1": "",
    "ratio": "",
    "share": "",
    "year": "years",
    "day": "days",
    "month": "months",
    "quarter": "quarters",
    "h100e/quarter": "H100e a quarter",
    "h100e": "H100e",
    "usd": "USD",
    "usd/Mtoken": "USD per million tokens",
    "usd/kWh": "USD per kWh",
    "usd/(gpu h)": "USD per chip and hour",
    "usd/(Pflop/s)": "USD per Pflop/s",
    "usd/gpu": "USD",
    "usd/chip": "USD per chip",
    "kW/chip": "kW per chip",
    "flop/byte": "flop per byte",
    "byte": "bytes",
    "stack/package": "stacks per package",
    "stack/wafer": "stacks per wafer",
    "die/package": "dies per package",
    "rack/quarter": "racks a quarter",
    "wafer/month": "wafers a month",
    "token": "tokens",
    "flop": "flop",
    "event": "interruptions",
    "gpu": "chips",
    "week": "weeks",
}
PACE = "usd*month/"
_PLACE = re.compile(r"\{([^{}]+)\}|\[([^\[\]]+)\]\(([^()\s]+)\)")


def spoken_unit(unit: str) -> str:
    """Return a unit as it stands behind a number.

    Examples
    --------
    >>> spoken_unit("usd/Mtoken"), spoken_unit("TB/s"), spoken_unit("ratio")
    ('USD per million tokens', 'TB/s', '')
    """
    if unit.startswith(PACE):
        return f"USD for one {unit.removeprefix(PACE)} a month"
    return UNITS.get(unit, unit)


def quick_of(id_: str) -> Question | None:
    """Return the question under which a number is shown: with few draws for slow families."""
    return Question(quick=True) if id_.partition(".")[0] in QUICK else None


class Shown:
    """Numbers as they are shown on a page of one study.

    Parameters
    ----------
    study
        The study.
    """

    def __init__(self, study: Study) -> None:
        self.study = study

    def text(self, words: str) -> Markup:
        """Return words with their numbers and links.

        Parameters
        ----------
        words
            Text in which ``{id}``, ``{id|unit}`` and ``{id|unit|band}`` stand for numbers, and
            ``[text](address)`` for links. The unit ``%`` writes a share in percent; ``band`` behind it adds
            5 to 95 %, ``bare`` leaves the unit out, and a form such as ``.2f`` writes that many digits.
        """
        parts: list[str | Markup] = []
        last = 0
        for match in _PLACE.finditer(words):
            parts.append(words[last : match.start()])
            ref, text, address = match.groups()
            parts.append(self.number(ref, unit=True) if ref else link(address, text))
            last = match.end()
        return joined((escape(part) for part in [*parts, words[last:]]), "")

    def number(self, ref: str, *, unit: bool = False) -> Markup | str:
        """Return one number as a link; ``not known`` where a fact is not stated.

        Parameters
        ----------
        ref
            ``id``, ``id|unit`` or ``id|unit|band``.
        unit
            Whether the unit is written behind it; then it has to be there.

        Raises
        ------
        UnknownNameError
            If there is no such number.
        """
        if ref == FIRST:
            return self.study.quarters[0]
        if ref == VALUE:
            return self.study.rooms.value.quarter
        id_, _, rest = self._dated(ref).partition("|")
        wanted, _, how = rest.partition("|")
        found = self.value(id_)
        if found is None and unit:
            raise UnknownNameError("number", id_, self.study.catalog.known, remedy="Mend the words")
        if found is None:
            return NONE
        value, low, high, own = found
        shown, ends = (self._in(each, own, wanted, how) for each in ((value,), (low, high)))
        text = shown[0]
        if how == "band" and ends[0] != ends[1]:
            text += f" ({ends[0]} to {ends[1]})"
        told = spoken_unit(wanted or own)
        if unit and told and wanted != "%" and how != "bare":
            text += f" {told}"
        return fact_link(id_, text) if self.study.catalog.has(id_) else num(id_, text, quick_of(id_))

    def _dated(self, ref: str) -> str:
        if f".{FIRST}" in ref:
            return ref.replace(FIRST, self.study.quarters[0])
        return ref.replace(VALUE, self.study.rooms.value.quarter) if f".{VALUE}" in ref else ref

    def value(self, id_: str) -> tuple[float, float, float, str] | None:
        """Return value, low, high and unit of a fact or a figure; None for a fact that is not stated."""
        if self.study.catalog.has(id_):
            fact = self.study.catalog.fact(id_)
            return fact.value, fact.low, fact.high, fact.unit
        family = id_.partition(".")[0]
        if family == "map":
            return self._of_map(id_)
        if family == "time":
            found = self._of_time(id_)
            if found is not None:
                return found
        if id_ in self.study.absent:
            return None
        try:
            figure = self.study.figure(id_, quick=family in QUICK)
        except (UnknownNameError, UsageError):
            if family in self.study.subjects or family in NEEDING:
                self.study.absent.add(id_)
                return None
            raise
        middle = figure.p50 if family in MEDIANS and figure.unit != "share" else figure.value
        return middle, figure.p05, figure.p95, figure.unit

    def _of_map(self, id_: str) -> tuple[float, float, float, str]:
        """Return a number of the map from the answer that is kept, without the facts behind it."""
        result = self.study.base
        _, quantity, *names, quarter = id_.split(".")
        place = result.quarters.index(quarter)
        if quantity == "binds":
            share = result.binds[names[0]][place]
            return share, share, share, "share"
        units = {"deployed": "h100e/quarter", "deployed_mw": "MW/quarter", "capacity": "h100e/quarter"}
        if quantity not in units:
            figure = self.study.chain(id_).figure
            return figure.value, figure.p05, figure.p95, figure.unit
        band = result.capacity[names[0]] if quantity == "capacity" else getattr(result, quantity)
        return band.p50[place], band.p05[place], band.p95[place], units[quantity]

    def _of_time(self, id_: str) -> tuple[float, float, float, str] | None:
        """Return a median of the time map, with 10 and 90 %, from the answer that is kept."""
        _, kind, layer, *outcome = id_.split(".")
        row = next((one for one in self.study.rooms.times.rows if one.layer == layer), None)
        if row is None or outcome or kind not in {"resolved", "ordered"}:
            return None
        spell = row.announced if kind == "resolved" else row.ordered
        return spell.p50, spell.p10, spell.p90, "year"

    @staticmethod
    def _in(values: tuple[float, ...], own: str, wanted: str, how: str = "") -> list[str]:
        if wanted == "%" or (own == "share" and not wanted):
            scale = 1.0 if own in PURE or own.startswith("part of") else parse(own).factor
            return [_share(value * scale) for value in values]
        if wanted and wanted != own:
            values = tuple(float(from_canonical(to_canonical(value, own), wanted)) for value in values)
        return [f"{value:{how}}" if how.startswith(".") else number(value) for value in values]


def _share(value: float) -> str:
    """Return a share in percent; a small one with a digit more."""
    small = 0.1
    return (
        f"{100 * value:.1f} %"
        if 0 < abs(value) < small and not math.isclose(value, round(value, 2))
        else percent(value)
    )
