"""What published recipes store: what is computed again, what waits on the host, and bytes."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from narrows.training.stored import PLAIN, Stored

if TYPE_CHECKING:
    from narrows.training.layout import Layout

__all__ = ["read_recipes", "stored_by"]

SETTINGS = ("again", "blocks", "offloaded", "gradient_bytes", "moment_bytes", "weighted_after")
"""Fields of `Stored` that a recipe may set."""


@cache
def read_recipes() -> dict[str, Any]:
    """Return the shipped recipes with their source."""
    return tomllib.loads(resources.files("narrows.training").joinpath("recipes.toml").read_text("utf-8"))


def stored_by(stack: str, vintage: str, model: str, chip: str, layout: Layout) -> Stored:
    """Return the form in which a published recipe stores what a run keeps; plain where none is known.

    Parameters
    ----------
    stack, vintage
        Software, such as ``bridge``, and its release, such as ``26.06``.
    model, chip
        Ids of the catalogue; without a model what all recipes of the stack share.
    layout
        How the job lies on its chips.

    Examples
    --------
    >>> from narrows.training.layout import Layout
    >>> found = stored_by("bridge", "26.02", "deepseek-v3", "gb200", Layout(precision="mxfp8"))
    >>> found.again, found.gradient_bytes
    (('mla_up_proj',), 2)
    """
    told = read_recipes()
    if stack not in told["stack"]:
        return PLAIN
    found = dict(told["stack"][stack])
    for entry in told["recipe"] if model else ():
        if _matches(entry, vintage, (model, chip), layout):
            found |= entry
            break
    settings = {name: found[name] for name in SETTINGS if name in found}
    if "again" in settings:
        settings["again"] = tuple(settings["again"])
    return Stored(**settings)


def _matches(entry: dict[str, Any], vintage: str, who: tuple[str, str], layout: Layout) -> bool:
    model, chip = who
    release = _release(vintage)
    asked = (
        model in entry["models"],
        chip in entry.get("chips", (chip,)),
        layout.precision in entry.get("precisions", (layout.precision,)),
        _release(entry.get("from", "0")) <= release <= _release(entry.get("until", vintage)),
        entry.get("sharded", False) in {False, bool(layout.shard)},
        float(entry.get("stages", layout.stages)) == float(layout.stages),
        float(entry.get("tensor", layout.tensor)) == float(layout.tensor),
    )
    return all(asked)


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
