"""Write the hours that size a site, from the shipped weather: python tools/type_design_hours.py."""

from __future__ import annotations

from pathlib import Path

from narrows.facility.design_hour import COLUMNS, typical_of
from narrows.facility.hall_power import HALLS
from narrows.facility.weather import cities, weather

HOME = Path(__file__).parents[1] / "src/narrows/facility/design_hours.csv"
HEAD = "# Worst hour of the city that takes what the mean of the shipped cities takes (TMY3, NREL)."


def main() -> None:
    """Find the city and the hour of each design."""
    years = [weather(city) for city in cities()]
    lines = [HEAD, ",".join(("design", "city", *COLUMNS))]
    for hall in HALLS:
        city, hour, _ = typical_of(hall.design, years)
        numbers = (f"{getattr(hour, name)[0]:.9g}" for name in COLUMNS)
        lines.append(",".join((f'"{hall.line}"', city, *numbers)))
    HOME.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"wrote {HOME.name}: {len(HALLS)} designs")


if __name__ == "__main__":
    main()
