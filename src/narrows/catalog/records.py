"""The schema of every hand-typed record, and the one function that reads a record by it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from narrows.catalog.documents import with_control_character
from narrows.catalog.fact import KINDS
from narrows.draws import LEVELS, SHAPES
from narrows.errors import DataError, nearest

__all__ = [
    "CHOICE",
    "COMPANY",
    "DESIGN",
    "FACT",
    "LAYER",
    "OVERLAY",
    "ROLE",
    "SETTING",
    "SOURCE",
    "Desk",
    "Entry",
    "read_record",
]


class Entry(NamedTuple):
    """One entry of a record.

    Parameters
    ----------
    kind
        ``text``, ``prose`` (text of several lines), ``number``, ``whole``, ``flag`` or ``texts``.
    example
        What a good entry looks like, as typed.
    required
        Whether it may be left out.
    default
        What it is when left out.
    known
        The only values allowed; empty for any.
    """

    kind: str
    example: str
    required: bool = False
    default: Any = ""
    known: tuple[str, ...] = ()


Schema = dict[str, Entry]

FACT: Schema = {
    "id": Entry("text", '"cowos.capacity.2023-12"', required=True),
    "value": Entry("number", "14500", required=True),
    "unit": Entry("text", '"wafer/month"', required=True),
    "of": Entry("text", '"CoWoS-equivalent 300 mm"', required=True),
    "low": Entry("number", "14000", required=True),
    "high": Entry("number", "15000", required=True),
    "level": Entry("text", '"P10-P90"', required=True, known=tuple(LEVELS)),
    "kind": Entry("text", '"estimate"', required=True, known=KINDS),
    "as_of": Entry("text", '"2024-08"', required=True),
    "about": Entry("text", '"2023-12"'),
    "source": Entry("text", '"epoch-scaling-2030"', required=True),
    "locator": Entry("text", '"table 2"', required=True),
    "note": Entry("prose", '"a remark"'),
    "why": Entry("prose", '"the reason"'),
    "shape": Entry("text", '"lognormal"', known=SHAPES),
    "group": Entry("text", '"cowos.capacity"'),
    "correlation": Entry("number", "0.7", default=0.0),
    "standing": Entry("flag", "true", default=False),
}

CHOICE: Schema = {
    "id": Entry("text", '"cowos.capacity.2023-12"', required=True),
    "rule": Entry("text", '"pool"', required=True, known=("newest", "pool")),
    "why": Entry("prose", '"the reason"', required=True),
}

SOURCE: Schema = {
    "producer": Entry("text", '"Epoch AI"', required=True),
    "title": Entry("text", '"the title as printed"', required=True),
    "url": Entry("text", '"https://example.org/report"'),
    "date_published": Entry("text", '"2024-08"', required=True),
    "date_accessed": Entry("text", '"2026-11-22"', required=True),
    "licence": Entry("text", '"facts only"', required=True),
    "note": Entry("prose", '"a remark"'),
}

DESIGN: Schema = {
    "id": Entry("text", '"hopper"', required=True),
    "name": Entry("text", '"Hopper"', required=True),
    "maker": Entry("text", '"NVIDIA"', required=True),
    "announced": Entry("text", '"2022-03"', required=True),
    "chip": Entry("text", '"h100_sxm"'),
}

COMPANY: Schema = {
    "id": Entry("text", '"sk_hynix"', required=True),
    "name": Entry("text", '"SK hynix"', required=True),
    "ticker": Entry("text", '"KRX:000660"'),
    "note": Entry("prose", '"a remark"'),
}

ROLE: Schema = {
    "id": Entry("text", '"nvidia-compute"', required=True),
    "company": Entry("text", '"nvidia"', required=True),
    "part": Entry("text", '"Compute"', required=True),
    "role": Entry("text", '"designs the accelerators"', required=True),
    "threat": Entry("text", '"other designers"', required=True),
    "layers": Entry("texts", '["rack"]', default=()),
    "source": Entry("text", '"study-day-9"', required=True),
}

LAYER: Schema = {
    "id": Entry("text", '"cowos"', required=True),
    "name": Entry("text", '"CoWoS packaging"', required=True),
    "day": Entry("whole", "4", required=True),
    "family": Entry("text", '"packaging"', required=True),
    "unit": Entry("text", '"wafer"', required=True),
    "feeds": Entry("text", '"accelerator"'),
    "keeps": Entry("text", '"perishable"', default="perishable", known=("perishable", "storable")),
    "capacity": Entry("text", '"cowos.capacity"'),
    "multiply": Entry("texts", '["cowos.utilisation"]', default=()),
    "need": Entry("texts", '["/packages_per_cowos_wafer"]', default=()),
    "lag": Entry("text", '"cowos.lag"'),
    "hold": Entry("text", '"cowos.hold"'),
    "lead": Entry("text", '"cowos.lead"'),
    "growth": Entry("text", '"cowos.growth"'),
    "slip": Entry("text", '"cowos.forecast_ratio"'),
    "cost": Entry("text", '"cowos.cost"'),
    "ceiling": Entry("text", '"cowos.ceiling"'),
    "makers": Entry("text", '"cowos.maker"'),
    "watch": Entry("prose", '"monthly revenue of the maker"'),
}

OVERLAY: Schema = {
    "name": Entry("text", '"CoWoS slips a year"', required=True),
    "why": Entry("prose", '"the reason"'),
    "set": Entry("table", '{ "cowos.lag" = { value = 2, unit = "quarter" } }', default={}),
    "scale": Entry("table", '{ "cowos.capacity" = 0.8 }', default={}),
    "quarters": Entry("table", '{ "cowos.capacity" = "2026Q4:2027Q4" }', default={}),
}

SETTING: Schema = {
    "value": Entry("number", "70000", required=True),
    "unit": Entry("text", '"wafer/month"', required=True),
    "low": Entry("number", "60000", default=None),
    "high": Entry("number", "80000", default=None),
    "level": Entry("text", '"P10-P90"', known=tuple(LEVELS)),
}

_SAYS = {
    "text": "text of one line",
    "prose": "text",
    "number": "a number",
    "whole": "a whole number",
    "flag": "true or false",
    "texts": "a list of texts",
    "table": "a table",
}


@dataclass(slots=True)
class Desk:
    """Where problems are laid: all of them, in the order met.

    Parameters
    ----------
    problems
        What was refused.
    broken
        Ids of facts that were refused: what names them is not refused for that as well.
    """

    problems: list[DataError] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    def refuse(self, given: str, acceptable: str, remedy: str) -> None:
        """Lay down one problem."""
        self.problems.append(DataError(given, acceptable, remedy))

    def excuses(self, name: str) -> bool:
        """Return whether a name that nothing answers to is, or is part of, the id of a refused fact."""
        return any(name in broken for broken in self.broken)


def _has_kind(value: Any, kind: str) -> bool:
    """Return whether a value is of a kind; a boolean is never a number."""
    if kind == "texts":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    types: dict[str, tuple[type, ...]] = {
        "number": (int, float),
        "whole": (int,),
        "flag": (bool,),
        "table": (dict,),
    }
    return isinstance(value, types.get(kind, (str,))) and (kind == "flag" or not isinstance(value, bool))


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, dict | list) else f"a {type(value).__name__}"
    return text.replace("dict", "table")


def _fault(name: str, entry: Entry, value: Any) -> tuple[str, str] | None:
    """Return what is given and what is acceptable where an entry is wrong, None where it is right."""
    says = f"{name} is {_SAYS[entry.kind]}"
    if not _has_kind(value, entry.kind):
        return f"{name} = {_shown(value)}", says
    for text in value if isinstance(value, list) else [value]:
        if not isinstance(text, str):
            continue
        control = with_control_character(text.replace("\n", "") if entry.kind == "prose" else text)
        if control:
            return f"{name} holds the control character {control}", says
        if not text.strip() and entry.required:
            return f"{name} is empty", says
    if entry.known and value not in entry.known:
        return f"{name} = {value!r}", f"{name} is one of {', '.join(entry.known)}"
    return None


def read_record(raw: Any, schema: Schema, label: str, desk: Desk) -> dict[str, Any] | None:
    """Return the entries of one record with their defaults, or lay its problems down and return None.

    Parameters
    ----------
    raw
        What stands in the file.
    schema
        What may stand there.
    label
        How problems name the record: what, which and in which file.
    desk
        Where problems go.
    """
    before = len(desk.problems)
    if not isinstance(raw, dict):
        desk.refuse(f"{label} is {_shown(raw)}", "A table of entries is needed", "Write it as a table")
        return None
    for name in sorted(raw.keys() - schema.keys()):
        close = nearest(name, schema) or list(schema)
        desk.refuse(
            f"{label}: the key {name!r} is not known",
            f"The nearest known: {', '.join(map(repr, close[:3]))}",
            "Correct or remove it",
        )
    for name, entry in schema.items():
        if name not in raw:
            if entry.required:
                desk.refuse(
                    f"{label} has no {name}",
                    f"{name} is {_SAYS[entry.kind]}",
                    f"Add {name} = {entry.example}",
                )
            continue
        fault = _fault(name, entry, raw[name])
        if fault:
            desk.refuse(f"{label}: {fault[0]}", fault[1], f"Write, for instance, {name} = {entry.example}")
    if len(desk.problems) > before:
        return None
    record = {name: raw.get(name, entry.default) for name, entry in schema.items()}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in record.items()}
