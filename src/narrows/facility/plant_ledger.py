"""The books of a plant: energy, water and salts in against out, in every hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from narrows.errors import RunError
from narrows.facility import psychrometrics as moist
from narrows.facility.plant import AIR_HEAT, HOUR_S, LATENT_AT_ZERO, LATENT_SLOPE, Design, facts_of, simulate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.facility.plant import Year
    from narrows.facility.weather import Weather

    Floats = NDArray[np.float64]

__all__ = ["Ledger", "ledger"]

CLOSES = 1e-9


@dataclass(frozen=True)
class Ledger:
    """Balances of a design-year, for 1 kW of IT power; each axis is (hour).

    Parameters
    ----------
    year
        The year.
    energy_in, heat_out
        Power drawn, and heat that leaves the site [kW per kW of IT].
    water_in
        Make-up that keeps the salts of the basin in balance [kg per kWh of IT].
    water_out
        Evaporation, drift and blow-down together [kg per kWh of IT].
    ceiling
        Most water that the heat of the plant and the dryness of its air can evaporate [kg per kWh of IT].
    """

    year: Year
    energy_in: Floats
    heat_out: Floats
    water_in: Floats
    water_out: Floats
    ceiling: Floats

    @property
    def energy_gap(self) -> float:
        """Largest relative difference of energy in and heat out."""
        return float(np.abs(self.heat_out / self.energy_in - 1).max())

    @property
    def water_gap(self) -> float:
        """Largest difference of water in and out, over the most water of an hour."""
        return float(np.abs(self.water_in - self.water_out).max() / max(self.water_out.max(), CLOSES))

    def check(self) -> None:
        """Refuse books that do not close.

        Raises
        ------
        RunError
            A balance is off by more than 1e-9, or more evaporates than can.
        """
        over = float((self.year.water["evaporation"] - self.ceiling).max())
        if self.energy_gap > CLOSES or self.water_gap > CLOSES or over > CLOSES:
            raise RunError(
                f"The books are off by {self.energy_gap:.2g} in energy and {self.water_gap:.2g} in water; "
                f"{max(over, 0):.2g} L/kWh evaporate above the ceiling",
                f"Each balance closes to {CLOSES:g}, and evaporation stays under its ceiling",
                "Check the facts: shares are below 1, and cycles above 1",
            )


def ledger(design: Design, hours: Weather, facts: dict[str, float] | None = None) -> Ledger:
    """Run a design through a year and return its checked balances.

    Parameters
    ----------
    design, hours, facts
        As for `simulate`.

    Raises
    ------
    RunError
        The books do not close.

    Notes
    -----
    Salts come with the make-up and leave with drift and blow-down at the cycles of concentration: water in =
    cycles x (drift + blow-down) for towers, evaporation x (1 + bleed) for pads. The ceiling is the heat
    of the plant and what its air gives up between dry and wet bulb, over the heat of evaporation.

    Examples
    --------
    >>> from narrows.facility.weather import weather
    >>> books = ledger(Design(), weather("phoenix_az"))
    >>> books.energy_gap < 1e-9, books.water_gap < 1e-9
    (True, True)
    """
    p = facts_of(design.age) if facts is None else facts
    year = simulate(design, hours, p)
    power = np.asarray(sum(year.power.values()))
    water, evaporation = year.water, year.water["evaporation"]
    if design.rejection == "towers":
        out = hours.wet_c + p["tower.approach"] + p["tower.range"] / 2
        air = evaporation / HOUR_S / (moist.saturation_humidity(out, hours.p_pa) - hours.humidity)
        water_in = p["tower.cycles"] * (water["drift"] + water["blow-down"])
    else:
        out = hours.wet_c
        rise = min(p["rise"], p["dry.air_rise"])
        air = power / (AIR_HEAT * rise)
        water_in = evaporation * (1 + p["adiabatic.bleed"])
    given = power + air * AIR_HEAT * (hours.t_c - hours.wet_c)
    found = Ledger(
        year,
        power,
        np.asarray(sum(year.heat.values())),
        water_in,
        np.asarray(sum(water.values())),
        given / (LATENT_AT_ZERO - LATENT_SLOPE * out) * HOUR_S,
    )
    found.check()
    return found
