"""The time of a product of matrices and of a collective, as text and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from narrows.figure import number

if TYPE_CHECKING:
    from narrows.compute.operator import ProductTime
    from narrows.network.collective import CollectiveTime

    Product = tuple[str, int, int, int, str]
    Collective = tuple[str, str, float, int, int]

__all__ = ["collective_json", "collective_text", "product_json", "product_text"]

TERA, GIGA = 1e12, 1e9
TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"))
SIZES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))
WIDE = 24


def _time(seconds: float) -> str:
    return _scaled(seconds, TIMES)


def _scaled(value: float, steps: tuple[tuple[float, str], ...]) -> str:
    scale, unit = next((step for step in steps if value >= step[0]), steps[-1])
    return f"{number(value / scale)} {unit}"


def _span(found: ProductTime | CollectiveTime) -> str:
    return f"{_time(float(found.value))} ({_time(float(found.low))} to {_time(float(found.high))}, 90 %)"


def _parts(found: ProductTime | CollectiveTime) -> list[str]:
    return [
        f"  {name:<{WIDE}}{_time(float(part)):>14}" for name, part in found.parts.items() if float(part) > 0
    ]


def _answered(found: ProductTime | CollectiveTime) -> str:
    known = (
        "The chip was measured." if found.measured else "The chip was not measured: the common law answers."
    )
    return f"Bound by {found.bound}. {known}"


def product_text(found: ProductTime, asked: Product) -> str:
    """Return the time of a product as text.

    Parameters
    ----------
    found
        The time.
    asked
        Chip, m, n, k and precision.
    """
    chip, m, n, k, precision = asked
    share = number(float(found.peak_share) * 100)
    lines = [
        f"{m} x {n} x {k} in {precision} on {chip}: {_span(found)}",
        f"{number(float(found.rate) / TERA)} TFLOP/s, {share} % of the dense rate",
        "",
        *_parts(found),
        "  (waves, compute and memory run side by side: the largest counts)",
        "",
        _answered(found),
    ]
    return "\n".join(lines)


def collective_text(found: CollectiveTime, asked: Collective) -> str:
    """Return the time of a collective as text.

    Parameters
    ----------
    found
        The time.
    asked
        Chip, operation, bytes, chips and nodes.
    """
    chip, operation, size, chips, nodes = asked
    place = "1 node" if nodes == 1 else f"{nodes} nodes"
    rate, share = number(float(found.bus_rate) / GIGA), number(float(found.link_share) * 100)
    overlap = ["  (bytes within and between nodes overlap: the slower counts)"] if nodes > 1 else []
    lines = [
        f"{operation} of {_scaled(size, SIZES)} over {chips} {chip} in {place}: {_span(found)}",
        f"bus rate {rate} GB/s, {share} % of the scale-up link",
        "",
        *_parts(found),
        *overlap,
        "",
        _answered(found),
    ]
    return "\n".join(lines)


def _table(found: ProductTime | CollectiveTime) -> dict[str, Any]:
    return {
        "seconds": float(found.value),
        "seconds_low": float(found.low),
        "seconds_high": float(found.high),
        "level": "P5-P95",
        "bound": str(found.bound),
        "measured_chip": found.measured,
        "parts_seconds": {name: float(part) for name, part in found.parts.items()},
    }


def product_json(found: ProductTime, asked: Product) -> str:
    """Return the time of a product as JSON.

    Parameters
    ----------
    found, asked
        As for `product_text`.
    """
    named = dict(zip(("chip", "m", "n", "k", "precision"), asked, strict=True))
    rates = {"flop_per_s": float(found.rate), "peak_share": float(found.peak_share)}
    return json.dumps({**named, **_table(found), **rates}, indent=2, allow_nan=False)


def collective_json(found: CollectiveTime, asked: Collective) -> str:
    """Return the time of a collective as JSON.

    Parameters
    ----------
    found, asked
        As for `collective_text`.
    """
    named = dict(zip(("chip", "operation", "bytes", "chips", "nodes"), asked, strict=True))
    rates = {"bus_bytes_per_s": float(found.bus_rate), "link_share": float(found.link_share)}
    return json.dumps({**named, **_table(found), **rates}, indent=2, allow_nan=False)
