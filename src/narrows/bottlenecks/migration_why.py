"""Why, for the cascade: every number of its page in every draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from narrows.bottlenecks.answer import asked_of
from narrows.bottlenecks.ceilings import QUARTERS_PER_YEAR
from narrows.bottlenecks.migration import (
    ENDS,
    HORIZON,
    NEVER,
    Migration,
    before_study,
    decision,
    opened,
    opened_then,
    phase_row,
    window,
)
from narrows.bottlenecks.model import FIRST
from narrows.bottlenecks.study import PHASES
from narrows.bottlenecks.study import QUARTER as STUDY_QUARTER
from narrows.bottlenecks.told import Asked, Told
from narrows.errors import UnknownNameError
from narrows.quarters import Quarter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from narrows.catalog import Catalog

    Array = NDArray[np.float64]

__all__ = ["tell"]


class Question(NamedTuple):
    """A figure's id in parts.

    Parameters
    ----------
    found
        The solved cascade.
    kind
        Which figure.
    middle
        Steps, layers or families of which it speaks.
    start, end
        Label of the quarter of the decision, and of the one asked about; empty where there is none.
    """

    found: Migration
    kind: str
    middle: tuple[str, ...]
    start: str
    end: str

    @property
    def column(self) -> int:
        """Quarters from the decision to the one asked about."""
        return Quarter.parse(self.end) - Quarter.parse(self.start)


class Answer(NamedTuple):
    """A figure in every draw, axis (draw), with its unit, formula and facts (None for all that were read)."""

    values: Array
    unit: str
    formula: str
    reads: tuple[str, ...] | None = None


class Kind(NamedTuple):
    """One kind of figure: its answer, the middles of its ids, an example, and whether two quarters end it."""

    answer: Callable[[Question], Answer]
    middles: Callable[[Question], Sequence[str]]
    example: str
    two: bool = True


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of the cascade in every draw.

    Parameters
    ----------
    id
        Such as ``cascade.gain.1.2026Q4.2031Q4``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If the cascade has no such figure.
    """
    _, kind, *rest = [*id.split("."), ""]
    form = KINDS.get(kind)
    rest = rest[:-1]
    count = 2 if form and form.two else 1
    if form is None or len(rest) < count:
        raise _unknown(id, [_example(name) for name in KINDS])
    book = asked_of(asked.catalog, asked.as_of, asked.scenario)
    start, end = (rest[-2], rest[-1]) if form.two else (rest[-1], "")
    if kind.startswith("phase_then"):
        if start != STUDY_QUARTER or before_study(book):
            raise _unknown(id, [_example(kind)])
        found = opened_then(asked)
    else:
        at = end if kind in ABOUT else None
        found = opened(asked, decision(start, book), at, _most(book))
    question = Question(found, kind, tuple(rest[:-count]), start, end)
    tail = ".".join(part for part in (start, end) if part)
    known = [
        ".".join(("cascade", kind, *([middle] if middle else []), tail)) for middle in form.middles(question)
    ]
    if id not in known:
        raise _unknown(id, known or [_example(kind)])
    _ = found.ceilings  # read before the facts are counted
    answer = form.answer(question)
    return Told(
        run=found.run, values=answer.values, unit=answer.unit, formula=answer.formula, reads=answer.reads
    )


def _most(book: Catalog) -> int:
    return max(sum(bool(layer.ceiling) for layer in book.layers), 1)


def _example(kind: str) -> str:
    form = KINDS[kind]
    return f"cascade.{kind}.{form.example}.{STUDY_QUARTER}" + (".2031Q2" if form.two else "")


def _unknown(id: str, known: list[str]) -> UnknownNameError:  # noqa: A002 (the word of the trade)
    return UnknownNameError(
        "figure",
        id,
        known,
        remedy="Write cascade.<quantity>.<step or layer>.<quarter of the decision>.<quarter asked about>",
    )


# The headline.


def _stages(question: Question) -> list[str]:
    found, kind = question.found, question.kind
    steps = range(int(kind == "gain"), len(found.headline[0]))
    return (
        [f"{step}.{name}" for step in steps for name in found.names]
        if kind == "binds"
        else [*map(str, steps)]
    )


def _state(question: Question) -> str:
    stage = question.found.headline[0][int(question.middle[0])]
    raised = ", ".join(question.found.names[row - 1] for row in stage.raised) or "nothing"
    return f"with {raised} at the ceiling of a decision in {question.start}"


def _binds(question: Question) -> Answer:
    found, (step, name) = question.found, question.middle
    values = found.binds(found.headline[0][int(step)], found.run.row(name))
    return Answer(values, "share", f"share of draws in which {name} binds {question.end} {_state(question)}")


def _at_ceiling(question: Question) -> Answer:
    text = f"share of draws in which a layer already raised binds {question.end}, {_state(question)}"
    return Answer(question.found.at_ceiling(int(question.middle[0])), "share", text)


def _deployed(question: Question) -> Answer:
    stage = question.found.headline[0][int(question.middle[0])]
    return Answer(stage.deployed, "h100e/quarter", f"compute deployed in {question.end} {_state(question)}")


def _value(question: Question) -> Answer:
    stage = question.found.headline[0][int(question.middle[0])]
    text = f"compute deployed from {question.start} to {question.end} {_state(question)}"
    return Answer(stage.value, "h100e", text)


def _gain(question: Question) -> Answer:
    text = f"{_value(question).formula}, less that of the step before"
    return Answer(question.found.gain(int(question.middle[0])), "h100e", text)


def _raisable(question: Question) -> list[str]:
    return [question.found.names[row - 1] for row in question.found.ceilings.known]


def _in_time(question: Question) -> Answer:
    found, (layer,) = question.found, question.middle
    reads = found.ceilings.known[found.model.row(layer)].reads[:-1]
    text = f"share of draws in which more {layer} decided in {question.start} arrives by {question.end}"
    return Answer(found.in_time(layer), "share", text, reads)


def _arrives(question: Question) -> Answer:
    found, (layer,) = question.found, question.middle
    row = found.model.row(layer)
    text = f"quarters from {question.start} to the first at or after the lead time of {layer}"
    values = found.ceilings.arrival(row).astype(np.float64)
    return Answer(values, "quarter", text, found.ceilings.known[row].reads[:-1])


# Draw by draw.


def _own_steps(question: Question) -> list[str]:
    found = question.found
    last = {"relieved": found.names[:-1], "ended": ENDS}.get(question.kind)
    steps = range(1, found.steps + 1)
    return [f"{step}.{name}" for step in steps for name in last] if last else [*map(str, steps)]


def _relieved(question: Question) -> Answer:
    found, (step, layer) = question.found, question.middle
    chosen = found.own.order[:, int(step) - 1] == found.model.row(layer)
    text = f"share of draws in which {layer} is the layer that the draw itself raises in step {step}"
    return Answer(chosen.astype(np.float64), "share", text)


def _ended(question: Question) -> Answer:
    step, reason = question.middle
    text = f"share of draws whose own cascade has ended before step {step}: {_REASONS[reason]}"
    return Answer(question.found.ended(int(step), reason), "share", text)


_REASONS = {
    "demand": "demand binds",
    "ceiling": "the binder is at its ceiling, or cannot be raised",
    "stock": "the quarter lives on opening stock",
}


def _own_value(question: Question) -> Answer:
    (step,) = question.middle
    text = (
        f"compute deployed from {question.start} to {question.end} after each draw raised up to {step} of "
        "its own binders"
    )
    return Answer(question.found.own.value[int(step)], "h100e", text)


def _orders(question: Question) -> list[str]:
    return [".".join(layers) for layers in dict.fromkeys(question.found.order())]


def _order(question: Question) -> Answer:
    same = np.array([layers == question.middle for layers in question.found.order()], dtype=np.float64)
    text = f"share of draws that raise, one after another: {', '.join(question.middle)}"
    return Answer(same, "share", text)


# Layers alone.


def _alone_layers(question: Question) -> tuple[str, ...]:
    found = question.found
    known = {str(found.model.quarters[column]) for column in found.alone_at}
    return found.names[:-1] if question.end in known else ()


def _alone(question: Question) -> Answer:
    found, (layer,) = question.found, question.middle
    raised, row = question.kind.endswith("raised"), found.model.row(layer)
    place = found.alone_at.index(Quarter.parse(question.end) - FIRST)
    values = found.alone[raised][:, row, place]
    plan = f"at the ceiling of a decision in {question.start}" if raised else "on announced plans"
    text = f"capacity of {layer} {plan}, in the quarter whose output is deployed in {question.end}"
    if question.kind.startswith("headroom"):
        return Answer(found.headroom(values, place), "ratio", f"{text}, over the compute deployed then")
    extra = found.ceilings.known[row].reads if raised and row in found.ceilings.known else ()
    return Answer(values, "h100e/quarter", text, tuple(dict.fromkeys((*found.model.chains[layer], *extra))))


# The migration by itself, and the phases of the study.


def _later(question: Question) -> bool:
    found = question.found
    shown = found.model.quarters[found.start : found.start + HORIZON + 1]
    return question.end in {str(quarter) for quarter in shown}


def _layer(question: Question) -> Answer:
    (name,) = question.middle
    text = f"share of draws in which {name} binds {question.end}, with no decision"
    return Answer(question.found.run.binds(name, question.column), "share", text)


def _family(question: Question) -> Answer:
    (family,), column = question.middle, question.column
    text = f"share of draws in which a layer of {family} binds {question.end}, with no decision"
    return Answer(question.found.phase((family,), (column, column + 1)), "share", text)


def _first(question: Question) -> Answer:
    (family,) = question.middle
    text = (
        f"years from {question.start} until a layer of {family} first binds; "
        f"{NEVER / QUARTERS_PER_YEAR:g} where none does within ten"
    )
    return Answer(question.found.first(family), "year", text)


def _ever(question: Question) -> Answer:
    (family,) = question.middle
    found = question.found.first(family) <= HORIZON / QUARTERS_PER_YEAR
    text = f"share of draws in which a layer of {family} binds within ten years of {question.start}"
    return Answer(found.astype(np.float64), "share", text)


def _pairs(question: Question) -> list[str]:
    groups = question.found.groups if _later(question) else ()
    return [f"{before}.{after}" for before in groups for after in groups if before != after]


def _moves(question: Question) -> Answer:
    before, after = question.middle
    found = question.found.moved(before, after) <= question.column
    text = f"share of draws in which the binder passes from {before} to {after} by {question.end}"
    return Answer(found.astype(np.float64), "share", text)


def _phases(_question: Question) -> list[str]:
    return [str(phase.number) for phase in PHASES]


def _phase(question: Question) -> Answer:
    found, phase = question.found, PHASES[int(question.middle[0]) - 1]
    likeliest = question.kind.endswith("likeliest")
    families = (phase_row(found, phase).likeliest,) if likeliest else phase.families
    text = f"share of draws, mean over the quarters of the window, in which {' or '.join(families)} binds"
    return Answer(found.phase(families, window(phase)), "share", text)


def _groups(question: Question) -> tuple[str, ...]:
    return question.found.groups if not question.end or _later(question) else ()


def _names(question: Question) -> tuple[str, ...]:
    return question.found.names if _later(question) else ()


KINDS = {
    "binds": Kind(_binds, _stages, "1.cowos"),
    "value": Kind(_value, _stages, "1"),
    "gain": Kind(_gain, _stages, "1"),
    "deployed": Kind(_deployed, _stages, "1"),
    "at_ceiling": Kind(_at_ceiling, _stages, "1"),
    "in_time": Kind(_in_time, _raisable, "cowos"),
    "arrives": Kind(_arrives, _raisable, "cowos", two=False),
    "relieved": Kind(_relieved, _own_steps, "1.cowos"),
    "ended": Kind(_ended, _own_steps, "1.demand"),
    "own_value": Kind(_own_value, _own_steps, "1"),
    "order": Kind(_order, _orders, "data_hall.ceiling"),
    "alone": Kind(_alone, _alone_layers, "cowos"),
    "alone_raised": Kind(_alone, _alone_layers, "cowos"),
    "headroom": Kind(_alone, _alone_layers, "cowos"),
    "headroom_raised": Kind(_alone, _alone_layers, "cowos"),
    "layer": Kind(_layer, _names, "cowos"),
    "family": Kind(_family, _groups, "packaging"),
    "first": Kind(_first, _groups, "packaging", two=False),
    "ever": Kind(_ever, _groups, "packaging", two=False),
    "moves": Kind(_moves, _pairs, "packaging.space_power"),
    "phase": Kind(_phase, _phases, "1", two=False),
    "phase_likeliest": Kind(_phase, _phases, "1", two=False),
    "phase_then": Kind(_phase, _phases, "1", two=False),
    "phase_then_likeliest": Kind(_phase, _phases, "1", two=False),
}
"""Every kind of figure of the cascade."""
ABOUT = {
    "binds",
    "value",
    "gain",
    "deployed",
    "at_ceiling",
    "in_time",
    "relieved",
    "ended",
    "own_value",
    "order",
}
"""Kinds whose second quarter is the one that the cascade is about."""
