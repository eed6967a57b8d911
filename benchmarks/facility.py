"""A plant through a year: one design, and ten thousand."""

from __future__ import annotations

import time

from benchmarks import Row, benchmark
from narrows.facility.plant import AGES, Design, facts_of, simulate
from narrows.facility.sweep import sweep
from narrows.facility.weather import weather

RECORDED = {"sustain-cluster": 5820.0, "EnergyPlus 25.2, one room with DX": 1830.0, "Lei and Masanet": 190.0}
"""Hours simulated a second by others [h/s], the fastest that was seen on two cores."""
DESIGNS, SWEEP_S, YEAR_S = 10_000, 5.0, 0.005


@benchmark("facility")
def facility() -> list[Row]:
    """Time one design-year and the sweep of designs, each through 8,760 hours."""
    year, facts = weather("sterling_va"), facts_of("campus")
    spent = []
    for _ in range(5):
        begin = time.perf_counter()
        simulate(Design(), year, facts)
        spent.append(time.perf_counter() - begin)
    one = min(spent)
    designs = [
        Design("direct liquid", "dry coolers", age=AGES[at % 4], supply_c=20 + at % 30, load=0.5 + at / 2e4)
        for at in range(DESIGNS)
    ]
    sweep(designs[:1], year, compiled=True)  # compiles
    begin, worked = time.perf_counter(), time.process_time()
    sweep(designs, year)
    wall, worked = time.perf_counter() - begin, time.process_time() - worked
    fast, rate = DESIGNS * year.t_c.size / wall, year.t_c.size / one
    return [
        Row("one design-year", one, None, "s", None, f"<= {YEAR_S:g} s", one <= YEAR_S),
        Row(f"{DESIGNS} design-years", wall, None, "s", None, f"<= {SWEEP_S:g} s", wall <= SWEEP_S),
        Row(f"{DESIGNS} design-years, CPU of both threads", worked, None, "s", None, "", None),
        *(
            Row(f"hours of one design; peer: {name}, as recorded", rate, peer, "h/s", rate / peer, "", None)
            for name, peer in RECORDED.items()
        ),
        Row("hours of many designs, compiled, two threads", fast, None, "h/s", None, "", None),
    ]
