"""The plant against published sites: skill, declared designs, and the family that figures betray."""

from __future__ import annotations

from pathlib import Path

import pytest

from narrows.errors import UnknownNameError, UsageError
from narrows.facility.plant_checks import plant_rows, published_sites
from narrows.facility.published import infer_family, operator_design
from narrows.facility.weather import weather

DATA = Path(__file__).parents[3] / "shared/data/facility"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="shared/data/facility is absent")


@needs_data
def test_every_measure_of_published_sites_holds():
    rows = list(plant_rows(DATA))
    judged = [row for row in rows if row.holds is not None]
    assert len(judged) == 14
    assert [row.quantity for row in judged if not row.holds] == []


@needs_data
def test_figures_that_are_of_the_fleet_are_not_of_a_region():
    dry = {site.place for site in published_sites(DATA) if site.operator == "amazon" and site.wue is None}
    assert dry == {"Asia Pacific (Hyderabad)", "Middle East (UAE)", "Middle East (Bahrain)"}


def test_without_data_the_row_says_so():
    sizing, row = plant_rows(None)
    assert sizing.holds
    assert row.holds is None
    assert row.metric == "not run: data absent"


def test_an_operator_builds_by_climate_and_year():
    assert operator_design("amazon", weather("sterling_va")).adiabatic
    assert operator_design("amazon", weather("tampa_fl")).rejection == "towers"
    assert operator_design("google", weather("tampa_fl"), opened=2006).age == "early"
    assert operator_design("google", weather("tampa_fl"), opened=2020).age == "campus"


def test_an_operator_from_nowhere_is_refused():
    with pytest.raises(UnknownNameError, match="operator 'acme' is not known"):
        operator_design("acme", weather("tampa_fl"))


def test_impossible_figures_are_refused():
    with pytest.raises(UsageError) as refusal:
        infer_family(0.9, 0.1, weather("tampa_fl"))
    assert str(refusal.value) == (
        "The PUE is 0.9, the WUE 0.1 L/kWh. PUE is 1 or more, WUE 0 or more. Give the figures of a whole year."
    )


def test_a_printed_id_is_the_design_it_names():
    from narrows.bottlenecks.plant_figures import tell
    from narrows.bottlenecks.told import Asked
    from narrows.catalog import Reader, default
    from narrows.facility.plant import Design
    from narrows.facility.plant_result import drawn_years, figure_ids

    design = Design.parse("rear door + dry coolers, 2N, adiabatic, leased, 35 C")
    told = tell(figure_ids("tampa_fl", design)["wue"], Asked(5, 3))
    assert (
        told.values.tolist()
        == drawn_years(design, weather("tampa_fl"), Reader(default(), 3, 5))[:, 2].tolist()
    )
    assert "plant.leased.ups" in (told.reads or ())
    assert figure_ids("tampa_fl", Design(supply_c=40.5)) == {}
