"""Tell the figures of a training run: what it costs, how much of its time is useful (family ``training``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from narrows.bottlenecks.answer import asked_of
from narrows.bottlenecks.told import Told
from narrows.catalog import Catalog, Reader
from narrows.errors import UnknownNameError
from narrows.training.chips import chip_names
from narrows.training.goodput import Timing, drawn_goodput
from narrows.training.run_cost import PARTS, Run, drawn_cost

if TYPE_CHECKING:
    from narrows.bottlenecks.told import Asked

__all__ = ["tell"]

COSTS = ("total", "final_run", "usd_per_chip_hour", *(part for part in PARTS if part != "rent"))
"""What is said of the cost of a run."""
COST_IDS, USEFUL_IDS = 6, 5
"""Words of the two kinds of id."""
REMEDY = (
    "Write training.cost.<part>.<chip>.<chips>.<whole days> or training.goodput.useful.<chip>.<chips>, "
    "such as training.cost.total.h100_sxm.16384.54"
)


@dataclass(frozen=True)
class Reading:
    """The facts that a figure of training came from."""

    catalog: Catalog
    reader: Reader


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of a training run in every draw.

    Parameters
    ----------
    id
        ``training.cost.<part>.<chip>.<chips>.<whole days>`` for chips that are owned over their life, or
        ``training.goodput.useful.<chip>.<chips>``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If training has no such figure.
    """
    book = asked_of(asked.catalog, asked.as_of, asked.scenario)
    reading = Reading(book, Reader(book, asked.seed, asked.draws, asked.method))
    parts = id.split(".")
    numbers = [int(text) if text.isdecimal() else 0 for text in parts[4:]]
    known = len(parts) > USEFUL_IDS - 1 and parts[3] in chip_names(book) and min(numbers, default=0) > 0
    if known and parts[1] == "cost" and parts[2] in COSTS and len(parts) == COST_IDS:
        return _cost(reading, parts[2], parts[3], numbers)
    if known and parts[1:3] == ["goodput", "useful"] and len(parts) == USEFUL_IDS:
        return _useful(reading, parts[3], numbers[0])
    examples = [f"training.cost.{part}.h100_sxm.16384.54" for part in COSTS]
    raise UnknownNameError("figure", id, [*examples, "training.goodput.useful.h100_sxm.16384"], remedy=REMEDY)


def _cost(reading: Reading, part: str, chip: str, numbers: list[int]) -> Told:
    chips, days = numbers
    found, reads = drawn_cost(Run(chip, chips, float(days)), reading.reader)
    unit = "usd/(gpu h)" if part == "usd_per_chip_hour" else "usd"
    words = "all parts" if part == "total" else part.replace("_", " ")
    text = (
        f"{words} of {chips:,} {chip} for {days} days: owned parts at the annuity of their life over the use "
        "of the cluster, electricity by load and PUE, failed runs and post-training as ratios, staff as share"
    )
    return Told(reading, found[part], unit, text, reads, method="cost by parts")


def _useful(reading: Reading, chip: str, chips: int) -> Told:
    values = drawn_goodput(reading.reader, chips, Timing(), chip)
    text = (
        f"useful share of the time of {chips:,} {chip}: r D exp(-r u) / (exp(r (D + w)) - 1), rate r of all "
        "chips, write w, restart u, interval D the best one at the stated facts"
    )
    return Told(reading, values, "ratio", text, tuple(reading.reader.reads), method="renewal")
