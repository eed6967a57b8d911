"""The ten Days: words from a file, tables and numbers asked of the study.

The words of a Day stand in ``days/dayNN.toml``, with ids in the place of numbers (see
`narrows.report.pages.shown`); a table there is a column of ids for a list of things. What is more than that,
such as a picture of a room, is a function of `narrows.report.pages.day_parts`, named by ``make``.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from narrows.errors import UnknownNameError
from narrows.report.pages.day_parts import MAKERS
from narrows.report.pages.parts import Model, Points, Prose, Table, Terms, joined, link
from narrows.report.pages.pictures import bars_svg, shown_picture
from narrows.report.pages.shown import NONE, Shown

if TYPE_CHECKING:
    from narrows.report.pages.question import Question
    from narrows.report.pages.study import Study

__all__ = ["DAYS", "day_page", "days_page", "words_of"]

DAYS = 10
HERE = Path(__file__).parent / "days"


@lru_cache(maxsize=DAYS)
def words_of(day: int) -> dict[str, Any]:
    """Return the words of a Day.

    Parameters
    ----------
    day
        1 to 10.

    Notes
    -----
    ``FIRST`` in an id is the first quarter of the map, ``VALUE`` the quarter from which rents are counted.

    Examples
    --------
    >>> words_of(1)["title"]
    'Compute'
    """
    return tomllib.loads((HERE / f"day{day:02d}.toml").read_text("utf-8"))


def days_page(study: Study, question: Question, _: str = "") -> Model:
    """Return the page of all Days."""
    del question
    shown = Shown(study)
    rows = [
        [link(f"/day/{day}", f"{day}"), link(f"/day/{day}", words["title"]), shown.text(words["headline"])]
        for day, words in ((day, words_of(day)) for day in range(1, DAYS + 1))
    ]
    return Model(
        title="Ten Days",
        lead="The stack one layer at a time, from the chip to who keeps the value. Each Day asks its own "
        "room, and every number on it is a link to what it rests on.",
        blocks=[
            Table(
                "The Days, in the order in which they build on each other", ("Day", "Layer", "In short"), rows
            )
        ],
    )


def day_page(study: Study, question: Question, id_: str = "") -> Model:
    """Return the page of one Day."""
    del question
    if id_ not in {str(day) for day in range(1, DAYS + 1)}:
        raise UnknownNameError("day", id_, [str(day) for day in range(1, DAYS + 1)], "See /days")
    day = int(id_)
    words, shown = words_of(day), Shown(study)
    text = shown.text
    blocks: list[Any] = [
        _steps(day),
        Prose([text(one) for one in words["why"]], "Why this matters", "why"),
        _terms(words, shown),
        _analogy(words, shown),
    ]
    for part in words["part"]:
        blocks += _part(study, shown, day, part)
    investors = words["investors"]
    blocks += [
        Points([text(one) for one in words["wrong"]["text"]], "What beginners get wrong", "wrong", "callout"),
        Prose([text(one) for one in investors["text"]], "Why investors care", "investors"),
        Points([text(investors["core"])], investors["title"], "core", "callout"),
        Points(
            [_connection(one, shown) for one in words["connection"]],
            "How it connects to the stack",
            "connections",
        ),
        Points([text(one) for one in words["learned"]], "What was learned", "learned", "ol"),
        Prose([text(words["question"])], "One question left open", "question"),
        Prose([text(words["next"]), *_onward(day)], "What comes next", "next"),
    ]
    return Model(
        title=f"Day {day}: {words['title']}",
        heading=Markup('<span class="day">Day {}</span> {}').format(day, words["title"]),
        lead=text(words["summary"]),
        blocks=blocks,
    )


def _steps(day: int) -> Points:
    """Return the links to all Days, the one in view marked."""
    items = [
        Markup('<b aria-current="page">{} {}</b>').format(each, words_of(each)["title"])
        if each == day
        else link(
            f"/day/{each}",
            f"{each}",
            title=words_of(each)["title"],
            aria_label=f"{each} {words_of(each)['title']}",
        )
        for each in range(1, DAYS + 1)
    ]
    return Points(items, id="days", form="nav")


def _onward(day: int) -> list[Markup]:
    if day == DAYS:
        return [joined((link("/", "The map as it stands"), link("/companies", "the companies")), " · ")]
    return [link(f"/day/{day + 1}", f"Day {day + 1}: {words_of(day + 1)['title']}")]


def _terms(words: dict[str, Any], shown: Shown) -> Terms:
    pairs = [
        (
            one["word"],
            Markup('{} <span class="quiet">{}</span>').format(
                shown.text(one["means"]), shown.text(one["matters"])
            ),
        )
        for one in words["term"]
    ]
    return Terms(pairs, "Words, each in one sentence", "words")


def _analogy(words: dict[str, Any], shown: Shown) -> Terms:
    analogy = words["analogy"]
    text = analogy["text"]
    pairs = [(left, shown.text(right)) for left, right in analogy["pairs"]]
    return Terms(pairs, f"A simple picture: {text[:1].lower()}{text[1:]}", "analogy")


def _connection(one: dict[str, Any], shown: Shown) -> Markup:
    label = f"Day {one['day']}: {words_of(one['day'])['title']}"
    return joined((link(f"/day/{one['day']}", label) + ".", shown.text(one["text"])))


def _part(study: Study, shown: Shown, day: int, part: dict[str, Any]) -> list[Any]:
    blocks: list[Any] = [Prose([shown.text(one) for one in part.get("text", ())], part["title"], part["id"])]
    for place, spec in enumerate(part.get("table", ())):
        made = table_of(shown, spec)
        if made.rows:
            blocks.append(made)
        if "bars" in spec:
            blocks.append(_bars(study, shown, spec, f"day-{day}.{part['id']}-{place}"))
    for name in part.get("make", ()):
        blocks += MAKERS[name](study, day)
    return blocks


def table_of(shown: Shown, spec: dict[str, Any]) -> Table:
    """Return the table that a specification names: things in rows, an id for each column.

    Parameters
    ----------
    shown
        Numbers as shown.
    spec
        ``caption``, ``first`` (head of the first column), ``rows`` of id and name, ``columns`` of head and
        id with ``{}`` for the thing, ``note``.
    """
    rows = [
        [name, *(shown.number(ref.replace("{}", thing)) for _, ref in spec["columns"])]
        for thing, name in spec["rows"]
    ]
    return Table(
        spec["caption"],
        (spec["first"], *(head for head, _ in spec["columns"])),
        rows,
        frozenset(range(1, len(spec["columns"]) + 1)),
        note=shown.text(spec["note"]) if "note" in spec else "",
    )


def _bars(study: Study, shown: Shown, spec: dict[str, Any], name: str) -> Any:
    asked = spec["bars"]
    head, ref = spec["columns"][asked["column"]]
    rows, cells = [], []
    for thing, label in spec["rows"]:
        id_, _, unit = ref.replace("{}", thing).partition("|")
        found = shown.value(id_)
        cell = shown.number(f"{id_}|{unit}")
        if found is not None and cell != NONE:
            rows.append((label, found[0], cell.striptags() if isinstance(cell, Markup) else cell))
            cells.append([label, cell])
    twin = Table(asked["title"], (spec["first"], head), cells, frozenset({1}))
    source = shown.text(asked["source"])
    svg, inner = (bars_svg(asked["title"], head, rows, headed=headed) for headed in (True, False))
    return shown_picture(study, name, asked["title"], svg, twin=twin, source=source, inner=inner)
