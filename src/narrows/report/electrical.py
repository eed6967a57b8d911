"""The electrical chain of a site as text and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from narrows.facility.site_chain import LOADS
from narrows.figure import number
from narrows.report.words import folded

if TYPE_CHECKING:
    from narrows.facility.site_chain import Site

__all__ = ["electrical_json", "electrical_text"]

KW_PER_MW = 1000.0
NAMES = {
    "pdu": "distribution",
    "ups": "UPS",
    "transformer": "transformer",
    "rectifier": "rectifier",
    "vrm": "regulator",
}


def electrical_json(site: Site) -> str:
    """Return the answer as JSON."""
    return json.dumps({"command": "facility electrical", **site.to_json()}, indent=2, allow_nan=False)


def electrical_text(site: Site, width: int) -> str:
    """Return the tables: losses by stage, efficiency by load, racks on a feed, size of the site.

    Parameters
    ----------
    site
        The answer.
    width
        Width to write for [character].
    """
    chains = site.chains
    head = "".join(f"{name:>10}" for name in chains)
    lines = [f"{site.it_mw:g} MW of IT, loaded to {site.load:.0%}", "", f"{'loss, % of input':<26}{head}"]
    for stage in next(iter(chains.values())).stages:
        row = "".join(f"{100 * (1 - chain.stages[stage]):>10.2f}" for chain in chains.values())
        lines.append(f"  {NAMES[stage]:<24}{row}")
    rows = {
        "whole chain": [f"{100 * (1 - chain.efficiency):.2f}" for chain in chains.values()],
        "loss [MW]": [f"{(chain.input_kw - chain.it_kw) / KW_PER_MW:.2f}" for chain in chains.values()],
        "load of a unit [%]": [f"{100 * chain.layout.load * site.load:.0f}" for chain in chains.values()],
        "stranded [MW]": [f"{chain.stranded_kw / KW_PER_MW:.1f}" for chain in chains.values()],
    }
    lines += [f"  {name:<24}" + "".join(f"{value:>10}" for value in values) for name, values in rows.items()]
    lines += ["", f"{'efficiency at load, %':<26}{head}"]
    for place, load in enumerate(LOADS):
        row = "".join(f"{100 * site.efficiency[name][place]:>10.2f}" for name in chains)
        lines.append(f"  {f'{load:.0%}':<24}{row}")
    lines += ["", f"{'racks on one feed':<26}{'racks':>10}{'rating':>10}{'P(over)':>10}"]
    full = site.full * site.rack_kw / site.feed_kw
    lines.append(f"  {'never over':<24}{site.full:>10}{full:>10.2f}{'0':>10}")
    for feed in site.feeds:
        name = f"risk {number(100 * feed.risk)} %"
        lines.append(f"  {name:<24}{feed.racks:>10}{feed.over:>10.2f}{feed.reached:>10.1e}")
    said = [
        (
            f"A feed carries {site.feed_kw:g} kW, a rack is rated {site.rack_kw:g} kW; rating is that of all "
            "racks over what the feed carries. Stranded is capacity of the shared stages that stands unused "
            "at design load."
        )
    ]
    if site.connection_mw is not None and site.energy_mwh is not None:
        said.append(
            f"At {site.place} the worst hour has a PUE of {site.design_pue:.3f}, which sizes the connection: "
            f"{site.connection_mw:.1f} MW. The year has {site.annual_pue:.3f}, which pays: "
            f"{number(site.energy_mwh)} MWh at this load."
        )
    return "\n".join([*lines, "", *(line for text in said for line in folded(text, width))])
