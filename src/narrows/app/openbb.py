"""The study inside OpenBB Workspace: what its two files say of our tables and charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrows.app.tables import COLUMNS
from narrows.report.pages.market_page import WEEKS
from narrows.report.words import layer_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from narrows.report.pages.study import Study

__all__ = ["ORIGINS", "apps", "widgets"]

ORIGINS = ("https://pro.openbb.co", "https://pro.openbb.dev")
"""Addresses of OpenBB Workspace, whose pages may read the interface for programs."""
CATEGORY, SOURCE = "AI infrastructure", "narrows"
CATEGORIES = frozenset({"quarter", "layer", "name"})
FIRST = ("narrows_now", "narrows_words", "narrows_deployed")
WIDE, HALF = 40, 20
"""Widths of a widget, of a page of 40 columns."""


def widgets(study: Study) -> dict[str, Any]:
    """Return what OpenBB Workspace reads as ``/widgets.json``.

    Parameters
    ----------
    study
        The study: its quarters and layers are named.

    Examples
    --------
    >>> from narrows.report.pages import Study
    >>> sorted(widgets(Study(draws=64)))[:3]
    ['narrows_binds', 'narrows_deployed', 'narrows_facts']
    """
    result = study.base
    quarters = _choice("quarter", "Quarter", "Quarter of the map", result.quarters, result.quarters[0])
    weeks = _choice("week", "Week", "Last trading day of the week", WEEKS, WEEKS[-1])
    shares = {"quarter": "Quarter"} | {
        name: f"{text} [% of draws]" for name, text in layer_names(result).items()
    }
    return {
        "narrows_now": _widget(
            "The narrowest layer",
            "Which layer of the AI build-out most likely binds now, and what is deployed",
            "now",
            (WIDE, 5),
            type="metric",
        ),
        "narrows_words": _widget(
            "The map in words",
            "What binds, what is deployed, where the constraint moves next",
            "words",
            (HALF, 9),
            type="markdown",
        ),
        "narrows_deployed": _widget(
            "Compute deployed",
            "Compute deployed by quarter; one H100e is the dense 8-bit arithmetic of one NVIDIA H100",
            "deployed",
            (HALF, 9),
            data=_table(COLUMNS["deployed"], "line"),
        ),
        "narrows_binds": _widget(
            "Who binds when",
            "Probability that each layer binds, by quarter, in % of draws",
            "binds",
            (WIDE, 12),
            data=_table(shares, "stackedColumn"),
        ),
        "narrows_layers": _widget(
            "Layers",
            "What each layer alone could carry, how likely it binds, what one more unit is worth, how long "
            "more takes, who makes it",
            "layers",
            (WIDE, 14),
            data=_table(COLUMNS["layers"], ""),
            params=[quarters],
        ),
        "narrows_facts": _widget(
            "Facts",
            "Facts by their words, each with interval, source and date",
            "facts",
            (WIDE, 14),
            data=_table(COLUMNS["facts"], ""),
            params=[_text("q", "Words", "Words such as cowos capacity", "cowos capacity")],
        ),
        "narrows_market": _widget(
            "The market's week",
            "Indices and sector funds, with their change of the week",
            "market",
            (HALF, 14),
            data=_table(COLUMNS["market"], ""),
            params=[weeks],
        ),
    }


def apps(study: Study) -> list[dict[str, Any]]:
    """Return what OpenBB Workspace reads as ``/apps.json``: one application of two tabs.

    Parameters
    ----------
    study
        The study.
    """
    known = widgets(study)
    tabs = {
        "map": (
            "Map",
            ("narrows_now", "narrows_words", "narrows_deployed", "narrows_binds", "narrows_layers"),
        ),
        "behind": ("What is behind it", ("narrows_facts", "narrows_market")),
    }
    return [
        {
            "name": "narrows",
            "img": "",
            "img_dark": "",
            "img_light": "",
            "description": "Where the AI build-out is constrained, what resolves it, where it moves next",
            "allowCustomization": True,
            "tabs": {
                key: {"id": key, "name": name, "layout": _layout(names, known)}
                for key, (name, names) in tabs.items()
            },
            "groups": [],
        }
    ]


def _widget(name: str, told: str, table: str, size: tuple[int, int], **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "description": told,
        "category": CATEGORY,
        "source": SOURCE,
        "endpoint": f"api/v1/tables/{table}",
        "gridData": {"w": size[0], "h": size[1]},
        "type": more.pop("type", "table"),
        **more,
    }


def _table(columns: Any, chart: str) -> dict[str, Any]:
    """Return how a table is shown: its columns, and as which chart if any."""
    defined = [
        {"headerName": head, "field": field} | ({"chartDataType": "category"} if field in CATEGORIES else {})
        for field, head in columns.items()
    ]
    view = {"enabled": bool(chart), "chartType": chart or "column"}
    return {"table": {"chartView": view, "showAll": True, "columnsDefs": defined}}


def _text(name: str, label: str, told: str, value: str) -> dict[str, Any]:
    return {"paramName": name, "value": value, "label": label, "description": told, "type": "text"}


def _choice(name: str, label: str, told: str, values: Iterable[str], value: str) -> dict[str, Any]:
    options = [{"label": one, "value": one} for one in values]
    return _text(name, label, told, value) | {"options": options}


def _layout(names: Iterable[str], known: dict[str, Any]) -> list[dict[str, Any]]:
    """Return where the widgets of a tab stand: side by side where they fit."""
    found: list[dict[str, Any]] = []
    x = y = row = 0
    for name in names:
        wide, high = known[name]["gridData"]["w"], known[name]["gridData"]["h"]
        if x + wide > WIDE:
            x, y, row = 0, y + row, 0
        found.append({"i": name, "x": x, "y": y, "w": wide, "h": high})
        x, row = x + wide, max(row, high)
    return found
