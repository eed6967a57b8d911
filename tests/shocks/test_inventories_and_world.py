"""Stocks and production: twins and laws; tables of the world from files made here."""

import csv

import numpy as np
import pytest

from narrows.errors import DataError, UsageError
from narrows.shocks.inventories import KNOBS, knobs_of, moves, run_inventories
from narrows.shocks.world import read_exiobase, read_icio, read_wiod, world_push


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    regions, products = 3, 5
    nodes = regions * products
    return rng.gamma(0.3, 1, (nodes, nodes)), rng.gamma(2, 1.0, nodes), np.tile(np.arange(products), regions)


def cut(days, nodes, node, level, until=60):
    capacity = np.ones((days, nodes))
    capacity[5:until, node] = level
    return capacity


def test_twins_agree(table):
    flows, final, product = table
    capacity = cut(120, len(final), 1, 0.4)
    plain, fast = (run_inventories(flows, final, product, capacity, compiled=way) for way in (False, True))
    assert np.abs(plain.production - fast.production).max() < 1e-12
    assert np.abs(plain.unmet - fast.unmet).max() < 1e-12
    assert plain.lost == pytest.approx(fast.lost, abs=1e-14)


def test_nothing_happens_without_an_event(table):
    flows, final, product = table
    run = run_inventories(flows, final, product, np.ones((200, len(final))), compiled=False)
    assert np.abs(run.production - 1).max() < 1e-10
    assert run.lost == 0


def test_a_longer_and_deeper_cut_loses_more(table):
    flows, final, product = table
    lost = [
        run_inventories(
            flows, final, product, cut(150, len(final), 1, level, until=until), compiled=False
        ).lost
        for level, until in ((0.8, 60), (0.4, 60), (0.4, 120))
    ]
    assert 0 < lost[0] < lost[1] < lost[2]


def test_stocks_put_off_the_loss_of_users(table):
    flows, final, product = table
    capacity = cut(90, len(final), 1, 0.0, until=90)
    deep, thin = (
        run_inventories(flows, final, product, capacity, knobs_of(stock_days=days), compiled=False)
        for days in (60, 5)
    )
    users = np.arange(len(final)) != 1
    first = [np.argmax((run.production[:, users] < 0.98).any(axis=1)) for run in (thin, deep)]
    assert first[0] < first[1]
    assert deep.lost < thin.lost


def test_a_run_says_which_habit_moves_it(table):
    flows, final, product = table
    rows = moves(flows, final, product, cut(90, len(final), 1, 0.3))
    widths = [abs(row.high - row.low) for row in rows]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 0
    assert {row.fact for row in rows} == set(KNOBS.values())


def test_knobs_and_shapes_are_checked(table):
    flows, final, product = table
    with pytest.raises(UsageError) as refused:
        knobs_of(stock_days=0.0)
    assert str(refused.value) == "The knob stock_days is 0. Days are above 0. Give another."
    with pytest.raises(UsageError, match="none negative"):
        run_inventories(-flows, final, product, np.ones((3, len(final))))


def written(path, rows, delimiter=","):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)


FLOWS = np.array([[1.0, 2.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0], [2.0, 0.0, 1.0, 3.0], [0.0, 1.0, 0.0, 1.0]])
FINAL = np.array([6.0, 8.0, 4.0, 8.0])


def test_three_forms_of_one_table_push_alike(tmp_path):
    nodes = [("AAA", "oil"), ("AAA", "cars"), ("BBB", "oil"), ("BBB", "cars")]
    names = [f"{country}_{industry}" for country, industry in nodes]
    output = FLOWS.sum(axis=1) + FINAL
    rows = [["V1", *names, "AAA_HFCE", "BBB_GFCF", "OUT"]]
    rows += [
        [name, *row, final / 2, final / 2, total]
        for name, row, final, total in zip(names, FLOWS.tolist(), FINAL, output, strict=True)
    ]
    rows += [["VA", *(output - FLOWS.sum(axis=0)), 0, 0, 0], ["OUT", *output, "", "", ""]]
    written(tmp_path / "icio.csv", rows)
    heads = [
        ["region", "", *(country for country, _ in nodes)],
        ["sector", "", *(industry for _, industry in nodes)],
    ]
    folder = tmp_path / "exio"
    folder.mkdir()
    written(
        folder / "Z.txt",
        heads + [[*node, *row] for node, row in zip(nodes, FLOWS.tolist(), strict=True)],
        "\t",
    )
    written(
        folder / "Y.txt",
        [["region", "", "AAA"], ["category", "", "households"]]
        + [[*node, final] for node, final in zip(nodes, FINAL, strict=True)],
        "\t",
    )
    np.savez(
        tmp_path / "wiod.npz",
        Z=FLOWS,
        F=FINAL[:, None],
        x=output,
        countries=["AAA", "BBB"],
        industries=["oil", "cars"],
    )
    found = [read_icio(tmp_path / "icio.csv"), read_exiobase(folder), read_wiod(tmp_path / "wiod.npz")]
    moved = [world_push(world, "oil", 0.1) for world in found]
    for world, change in zip(found, moved, strict=True):
        assert world.countries == ("AAA", "AAA", "BBB", "BBB")
        assert np.allclose(change, moved[0])
        assert "4 nodes" in world.findings[0]
    A = FLOWS / output
    cars = np.linalg.solve(np.eye(2) - A[np.ix_([1, 3], [1, 3])].T, A[np.ix_([0, 2], [1, 3])].T @ [0.1, 0.1])
    assert moved[0][[1, 3]] == pytest.approx(cars)
    (folder / "Z.txt").unlink()
    written(
        folder / "A.txt", heads + [[*node, *row] for node, row in zip(nodes, A.tolist(), strict=True)], "\t"
    )
    written(
        folder / "x.txt",
        [["region", "sector", "indout"]]
        + [[*node, total] for node, total in zip(nodes, output, strict=True)],
        "\t",
    )
    assert np.allclose(world_push(read_exiobase(folder), "oil", 0.1), moved[0])


def test_broken_files_are_refused(tmp_path):
    with pytest.raises(DataError) as refused:
        read_icio(tmp_path / "none.csv")
    assert str(refused.value).endswith("Download it from its maker, and name it here.")
    written(tmp_path / "a.csv", [["V1", "AAA_oil"], ["AAA_oil", "x"], ["OUT", "1"]])
    with pytest.raises(DataError) as wrong:
        read_icio(tmp_path / "a.csv")
    assert (
        str(wrong.value) == "a.csv: the cell 'x' is no number. Cells are numbers or empty. Correct the file."
    )
    written(tmp_path / "b.csv", [["V1", "AAA_oil"], ["AAA_oil", "1"]])
    with pytest.raises(DataError, match=r"b\.csv has no row of output"):
        read_icio(tmp_path / "b.csv")
