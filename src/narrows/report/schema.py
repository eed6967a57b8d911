"""The published shape of the map in JSON."""

from __future__ import annotations

from typing import Any

__all__ = ["map_schema"]

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def map_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of what `narrows.report.tables.map_json` writes.

    Returns
    -------
    dict
        Every series has one value a quarter, in the order of ``quarters``.

    Examples
    --------
    >>> map_schema()["required"][:3]
    ['quarters', 'layers', 'binds']
    """
    share = {"type": "number", "minimum": 0, "maximum": 1.000000001}
    shares = {"type": "array", "items": share}
    text = {"type": "string"}
    properties = {
        "quarters": {
            "type": "array",
            "items": {"type": "string", "pattern": "^[0-9]{4}Q[1-4]$"},
            "minItems": 1,
        },
        "layers": {"type": "array", "items": _layer(share)},
        "binds": {
            "type": "object",
            "additionalProperties": shares,
            "description": "probability that the layer binds; 'stock' is the opening stock; sums to 1",
        },
        "deployed": _series("compute installed in the quarter", "p05", "p50", "p95", "mean"),
        "deployed_mw": _series("the same in power of IT", "p05", "p50", "p95", "mean"),
        "installed": _series("compute installed since the model begins", "p05", "p50", "p95", "mean"),
        "capacity": {
            "type": "object",
            "additionalProperties": _series("what the layer alone would allow", "p05", "p50", "p95", "mean"),
        },
        "price": {
            "type": "object",
            "additionalProperties": _series(
                "worth of one more unit (right), cost of one unit less (left), in H100e per H100e of "
                "capacity; usd_per_unit is right in USD per unit",
                "right",
                "left",
                "usd_per_unit",
            ),
        },
        "tied": {**shares, "description": "share of draws in which layers bind together"},
        "unknown": {"type": "array", "items": text},
        "meta": {"type": "object", "required": ["seed", "draws", "vintage", "model_version"]},
    }
    return {
        "$schema": DRAFT,
        "title": "The map of narrows: which layer binds, when, at what price",
        **_closed(properties),
    }


def _closed(properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _series(description: str, *names: str) -> dict[str, Any]:
    values = {"type": "array", "items": {"type": ["number", "null"]}}
    properties = {"unit": {"type": "string"}} | dict.fromkeys(names, values)
    reason = {"type": "string", "description": "why a value is null"}
    return {"description": description, **_closed(properties | {"reason": reason}, ("reason",))}


def _layer(share: dict[str, Any]) -> dict[str, Any]:
    text = {"type": "string"}
    return _closed(
        {
            "id": text,
            "name": text,
            "day": {"type": "integer"},
            "family": text,
            "unit": text,
            "feeds": text,
            "makers": {"type": "array", "items": _closed({"name": text, "share": share})},
            "lead_quarters": {
                "type": ["array", "null"],
                "prefixItems": [{"type": "number"}] * 3,
                "minItems": 3,
                "maxItems": 3,
                "description": "quarters from a decision to added capacity: low, value, high",
            },
            "assumed_share": share,
        }
    )
