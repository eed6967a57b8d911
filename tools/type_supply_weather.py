"""Write sun and wind of the typical years that are shipped: type_supply_weather.py WEATHER_TMY3.npz."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

FACILITY = Path(__file__).parents[1] / "src/narrows/facility"
SHIPPED, HOME = FACILITY / "weather_tmy3.npz", FACILITY / "supply_tmy3.npz"


def main(table: str) -> None:
    """Keep irradiance and wind of the cities whose air is shipped."""
    with np.load(SHIPPED) as shipped:
        cities = shipped["site"]
    with np.load(table) as years:
        at = [list(years["site"]).index(city) for city in cities]
        kept = {name: years[name][at] for name in ("t_c_x10", "ghi_w_m2", "wind_m_s_x10")}
    np.savez_compressed(HOME, site=cities, **kept)
    print(f"wrote {HOME.name}: {HOME.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
