"""Write the typical years that are shipped: python tools/type_weather.py WEATHER_TMY3.npz."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

HOME = Path(__file__).parents[1] / "src/narrows/facility/weather_tmy3.npz"
CITIES = (
    "albuquerque_nm",
    "cheyenne_wy",
    "chicago_il",
    "dallas_tx",
    "fultoncounty_ga",
    "houston_tx",
    "minneapolis_mn",
    "omaha_ne",
    "pasco_wa",
    "phoenix_az",
    "sanfrancisco_ca",
    "sterling_va",
    "tampa_fl",
)


def main(table: str) -> None:
    """Keep dry bulb, humidity and pressure of the cities."""
    with np.load(table) as years:
        at = [list(years["site"]).index(city) for city in CITIES]
        kept = {name: years[name][at] for name in ("t_c_x10", "rh_pct", "p_hpa")}
    np.savez_compressed(HOME, site=np.array(CITIES), **kept)
    print(f"wrote {HOME.name}: {HOME.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
