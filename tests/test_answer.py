"""The map on the shipped facts: laws, determinism, and what it must not depend on."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import narrows
from narrows.bottlenecks.answer import run
from narrows.bottlenecks.model import build
from narrows.bottlenecks.plain import solve
from narrows.catalog import Reader, default
from narrows.errors import NarrowsError, UnknownNameError, UsageError

DRAWS = 300


@pytest.fixture(scope="module")
def result():
    return narrows.map("2026Q4:2027Q4", draws=DRAWS)


def test_binding_shares_sum_to_one(result):
    total = np.sum([result.binds[name] for name in result.binds], axis=0)
    assert np.allclose(total, 1.0, atol=1e-12)


def test_deployed_is_at_most_what_any_layer_carries_in_the_long_run():
    solved = run("2030Q4", draws=DRAWS)
    stack = solved.model.stack(slice(None))
    carried = np.cumsum(stack.K[:, 1:], axis=2).min(axis=1)[:, solved.shown]
    opening = stack.A[:, :, -1].sum()
    assert (solved.installed <= carried + opening + 1e-6).all()


def test_the_window_moves_no_figure(result):
    alone = narrows.map("2027Q2", draws=DRAWS)
    column = result.quarters.index("2027Q2")
    assert alone.deployed.p50[0] == result.deployed.p50[column]
    for name in result.binds:
        assert alone.binds[name][0] == result.binds[name][column]
        if name in alone.price:
            assert alone.price[name].right[0] == pytest.approx(result.price[name].right[column], abs=1e-12)


def test_same_question_same_answer(result):
    assert narrows.map("2026Q4:2027Q4", draws=DRAWS) == result


def test_another_seed_is_another_sample(result):
    assert narrows.map("2026Q4:2027Q4", draws=DRAWS, seed=2).binds != result.binds


def test_more_of_every_capacity_never_deploys_less():
    model = build(Reader(default(), 1, 200))
    stack = model.stack(slice(None))
    more = model.stack(slice(None))
    more.K[:] = stack.K * 1.1
    assert (solve(more).output >= solve(stack).output * (1 - 1e-12)).all()


def test_price_is_between_nothing_and_one_unit(result):
    for row in result.price.values():
        assert min(row.right) >= 0
        assert all(left >= right - 1e-12 for right, left in zip(row.right, row.left, strict=True))


def test_sobol_agrees_with_random_within_sampling():
    random = narrows.map("2027Q4", draws=4000)
    sobol = narrows.map("2027Q4", draws=4096, method="sobol")
    for name, share in random.binds.items():
        assert abs(share[0] - sobol.binds[name][0]) < 0.05


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (
            {"quarters": "2026Q5"},
            "quarter",
        ),
        ({"quarters": "2010Q1:2012Q4"}, "begin before the model"),
        ({"draws": 0}, "The number of draws is 0"),
        ({"draws": 10**9}, "The number of draws is 1000000000"),
        ({"seed": -1}, "The seed is -1"),
        ({"method": "sobbol"}, "sobbol"),
        ({"as_of": "yesterday"}, "yesterday"),
    ],
)
def test_refusals_say_what_was_given(question, sentence):
    with pytest.raises(NarrowsError, match=r"\. ") as caught:
        narrows.map(**({"quarters": "2026Q4", "draws": 10} | question))
    assert sentence in str(caught.value)
    assert caught.value.exit_code == 2
    assert str(caught.value).count(". ") >= 2


def test_whole_sentence_of_a_window_too_early():
    with pytest.raises(UsageError) as caught:
        narrows.map("2010Q1:2012Q4", draws=10)
    assert str(caught.value) == (
        "The quarters '2010Q1:2012Q4' begin before the model. The model begins in 2019Q4. "
        "Ask for quarters from 2019Q4, for instance --quarters 2019Q4:2030Q4."
    )


def test_why_answers_for_every_kind_of_number(result):
    for name in (
        "binds.cowos",
        "price.cowos",
        "price_usd.cowos",
        "capacity.cowos",
        "deployed",
        "deployed_mw",
        "installed",
        "tied",
        "price_left.cowos",
    ):
        chain = narrows.why(f"map.{name}.2027Q1", draws=DRAWS)
        assert chain.links
        assert chain.links[0].effect == max(link.effect for link in chain.links)
        assert np.isfinite(chain.figure.value)
    column = result.quarters.index("2027Q1")
    assert narrows.why("map.binds.cowos.2027Q1", draws=DRAWS).figure.value == pytest.approx(
        result.binds["cowos"][column], abs=1e-12
    )
    story = narrows.why("map.deployed.2027Q1", draws=DRAWS).path
    assert story[-1].last <= "2027Q1"
    assert all(one.last <= two.first for one, two in itertools.pairwise(story))
    assert narrows.why("map.deployed.2027Q1", draws=DRAWS).figure.p50 == result.deployed.p50[column]
    assert narrows.why("map.price.data_hall.2027Q1", draws=DRAWS).figure.value == pytest.approx(
        result.price["data_hall"].right[column], rel=1e-9
    )
    assert narrows.why("map.price_usd.data_hall.2027Q1", draws=DRAWS).figure.value == pytest.approx(
        result.price["data_hall"].usd_per_unit[column], rel=1e-9
    )


def test_why_of_a_fact_gives_all_its_statements():
    statements = narrows.why("cowos.capacity.2026-12")
    assert {fact.id for fact in statements} == {"cowos.capacity.2026-12"}
    assert len(statements) >= 2


def test_why_refuses_what_is_not_printed():
    with pytest.raises(UnknownNameError):
        narrows.why("map.binds.cowoss.2027Q1", draws=10)
    with pytest.raises(NarrowsError):
        narrows.why("no.such.fact")


def test_facts_of_the_day_only():
    then = narrows.map("2023Q3", draws=DRAWS, as_of="2023-09-30")
    assert then.meta["newest_fact"] <= "2023-10"
    assert then.meta["vintage"] == "2023-09-30"


def test_five_hundred_unrelated_facts_change_no_figure(result, tmp_path, monkeypatch):
    import shutil
    from pathlib import Path

    import narrows.catalog

    monkeypatch.setenv("NARROWS_CACHE_DIR", str(tmp_path / "cache"))
    home = tmp_path / "catalog"
    shutil.copytree(
        Path(narrows.catalog.__file__).parent, home, ignore=shutil.ignore_patterns("*.py", "__pycache__")
    )
    source = next(iter(default().sources))
    fact = (
        '[[fact]]\nid = "unrelated.quantity_{n}"\nvalue = {n}\nunit = "MW"\nof = "something else"\nlow = {n}\n'
        'high = {n}.5\nlevel = "P10-P90"\nkind = "estimate"\nas_of = "2024-01"\nsource = "{source}"\nlocator = "none"\n'
    )
    text = "\n".join(fact.format(n=n, source=source) for n in range(1, 501))
    (home / "facts" / "unrelated.toml").write_text(text, encoding="utf-8")
    book = narrows.catalog.load(home)
    assert len(book) == len(default()) + 500
    again = narrows.map("2026Q4:2027Q4", draws=DRAWS, catalog=book)
    assert (again.binds, again.deployed, again.deployed_mw, again.installed, again.capacity, again.price) == (
        result.binds,
        result.deployed,
        result.deployed_mw,
        result.installed,
        result.capacity,
        result.price,
    )
