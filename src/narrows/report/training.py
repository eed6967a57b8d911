"""Cost, split and useful time of a training run, as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from narrows.figure import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narrows.training.goodput import Goodput
    from narrows.training.published_cost import PublishedCost
    from narrows.training.run_cost import RunCost
    from narrows.training.scaling import Allocation

__all__ = [
    "PART_WORDS",
    "allocation_json",
    "allocation_text",
    "cost_json",
    "cost_text",
    "goodput_json",
    "goodput_text",
    "published_json",
    "published_text",
]

PART_WORDS = {
    "chips": "chips",
    "server": "servers without their chips",
    "network": "switches",
    "optics": "cables and optics",
    "storage": "storage and front network",
    "facility": "halls, power, cooling",
    "energy": "electricity",
    "rent": "chips by the hour",
    "failed_runs": "failed runs",
    "post_training": "post-training",
    "staff": "staff",
}
SHOWN = 8
"""Facts of the tornado that are shown."""
MILLION = 1e6


def cost_text(found: RunCost) -> str:
    """Return the cost of a run as text.

    Parameters
    ----------
    found
        The cost.
    """
    stated, run = found.stated, found.run
    head = f"{run.chips:,} {found.chip}, {stated['days']:.1f} days, {number(stated['chip_hours'])} chip-hours"
    lines = [
        f"{head}, basis {run.basis}",
        "",
        _row("usd", ("stated", "p05", "p50", "p95")),
        *(_money(PART_WORDS[name], value, found.bands[name]) for name, value in found.parts.items()),
        _money("total", stated["total"], found.bands["total"]),
        "",
        _figures("usd per chip-hour, final run", stated, found.bands, "usd_per_chip_hour"),
        _figures("days", stated, found.bands, "days"),
    ]
    if "useful" in stated:
        lines.append(_figures("useful share of the time", stated, found.bands, "useful"))
    lines += ["", "What moves the total, one fact at a time (usd at its p05 and p95):"]
    lines += [_row(name, (number(low), number(high))) for name, low, high in found.tornado[:SHOWN]]
    if found.rented:
        prices = ", ".join(f"{kind} {number(usd)}" for kind, usd in found.rented.items())
        lines += ["", "Chip-hours of the final run at other prices, usd:", f"  {prices}"]
    if run.basis == "life" and run.days is not None and run.days == int(run.days):
        name = f"training.cost.total.{found.chip}.{run.chips}.{int(run.days)}"
        lines += ["", f"The chain behind the total: narrows why {name}"]
    return "\n".join(lines)


def _row(label: str, cells: Sequence[str]) -> str:
    return f"  {label:<36}" + "".join(f"{cell:>10}" for cell in cells)


def _money(label: str, value: float, band: tuple[float, float, float]) -> str:
    return _row(label, [number(usd) for usd in (value, *band)])


def _figures(
    label: str, stated: dict[str, float], bands: dict[str, tuple[float, float, float]], name: str
) -> str:
    return _row(label, [number(value) for value in (stated[name], *bands[name])])


def cost_json(found: RunCost) -> str:
    """Return the cost of a run as JSON.

    Parameters
    ----------
    found
        The cost.
    """
    table = asdict(found)
    table["tornado"] = [{"fact": name, "low": low, "high": high} for name, low, high in found.tornado]
    return _json("training cost", table)


def published_text(found: Sequence[PublishedCost]) -> str:
    """Return costs by the published methods as text.

    Parameters
    ----------
    found
        The costs.
    """
    lines = [
        "Published methods, million usd of June 2025: amortised with energy, acquisition, cloud",
        "",
        _row("run", ("chip-h", "amortised", "acquired", "cloud")),
    ]
    for cost in found:
        hours = "-" if cost.chip_hours is None else number(cost.chip_hours)
        cells = ["-" if usd is None else f"{usd / MILLION:,.4g}" for usd in cost.real.values()]
        lines.append(_row(cost.model[:35], [hours, *cells]))
    return "\n".join(lines)


def published_json(found: Sequence[PublishedCost]) -> str:
    """Return costs by the published methods as JSON.

    Parameters
    ----------
    found
        The costs.
    """
    runs = [asdict(cost) | {"start": cost.start.isoformat()} for cost in found]
    return json.dumps({"command": "training cost", "runs": runs}, indent=2, allow_nan=False)


def allocation_text(found: Allocation) -> str:
    """Return the split of a budget as text.

    Parameters
    ----------
    found
        The split.
    """
    served = f", {number(found.inference_tokens)} tokens to serve" if found.inference_tokens else ""
    words = {
        "parameters": "parameters",
        "tokens": "tokens",
        "tokens_per_parameter": "tokens per parameter",
        "loss": "loss, nat a token",
        "training_flop": "operations of training",
        "served_flop": "operations of serving",
        "critical_batch": "critical batch, tokens",
    }
    lines = [f"{found.flop:.3g} operations{served}", "", _row("", ("stated", "p05", "p50", "p95"))]
    for name, label in words.items():
        if name == "served_flop" and not found.inference_tokens:
            continue
        write = _power if name.endswith("flop") else (lambda value: number(value, 4))
        lines.append(_row(label, [write(value) for value in (found.stated[name], *found.bands[name])]))
    for name, values in found.exponents.items():
        lines.append(_row(f"{name} grow with C to the power", [f"{value:.3f}" for value in values]))
    lines += ["", "Law and covariance fitted to runs of 2022; newer recipes reach a lower loss."]
    if found.inference_tokens:
        lines.append(
            "Form of the served split: 6 N D + 2 N D_inf at that loss; source read second-hand only."
        )
    return "\n".join(lines)


def _power(value: float) -> str:
    return f"{value:.2e}"


def allocation_json(found: Allocation) -> str:
    """Return the split of a budget as JSON.

    Parameters
    ----------
    found
        The split.
    """
    return _json("training allocate", asdict(found))


def goodput_text(found: Goodput) -> str:
    """Return the useful time of a run as text.

    Parameters
    ----------
    found
        The useful time.
    """
    words = {
        "useful": "useful share of the time",
        "whole": "share with enough nodes",
        "interruptions": "interruptions",
        "mttf_h": "hours between interruptions",
        "lost_gpu_hours": "chip-hours lost",
        "lost_usd": f"usd lost, at {found.usd_per_hour}",
    }
    times = f"checkpoint {found.checkpoint_s:g} s, restart {found.restart_s:g} s"
    lines = [
        f"{found.chips:,} {found.chip}, {found.days:g} days: {times}, every {found.interval_s:,.0f} s",
        f"Best interval {found.best_s:,.0f} s (first order {found.young_s:,.0f}, series {found.daly_s:,.0f})",
        "",
        _row("", ("stated", "p05", "p50", "p95")),
    ]
    lines += [
        _figures(label, found.stated, found.bands, name)
        for name, label in words.items()
        if name in found.stated
    ]
    return "\n".join(lines)


def goodput_json(found: Goodput) -> str:
    """Return the useful time of a run as JSON.

    Parameters
    ----------
    found
        The useful time.
    """
    return _json("training goodput", asdict(found))


def _json(command: str, table: dict[str, Any]) -> str:
    table["sources"] = list(table.pop("reads"))
    return json.dumps({"command": command, **table}, indent=2, allow_nan=False)
