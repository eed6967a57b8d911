"""Prices from the law of steps, the waterfall from list price to floor, and the list prices held."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows import why
from narrows.catalog import default
from narrows.cli import main
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.inference.fit import Setup, fit
from narrows.inference.law import Placement, closed_loop, token_time
from narrows.inference.price_book import price_book
from narrows.inference.speed import Layout, Traffic, speed
from narrows.inference.waterfall import PARTS, Terms, economics
from narrows.report.waterfall import economics_text, waterfall_svg
from narrows.transformer.registry import chip, model

PLACES = [("deepseek-r1", "b200"), ("gpt-oss-120b", "b200"), ("llama-3.1-8b", "h100"), ("qwen3-32b", "h200")]
traffics = st.builds(
    Traffic,
    st.floats(1.0, 8000.0),
    st.floats(1.0, 4000.0),
    st.floats(0.0, 1.0),
    st.sampled_from([None, 1, 4]),
)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(PLACES), traffics, st.sampled_from([None, 0.3, 1.0]))
def test_the_parts_sum_to_the_list_price_in_every_draw(
    place: tuple[str, str], traffic: Traffic, load: float | None
) -> None:
    found = economics(*place, Terms(traffic, utilisation=load), draws=50)
    assert found.top == "list_price"
    total = sum(found.values[part] for part in found.parts)
    scale = max(float(np.abs(found.values[part]).max()) for part in (*found.parts, "list_price"))
    assert np.abs(total - found.values["list_price"]).max() <= 1e-12 * scale
    assert sum(found.stated[part] for part in found.parts) == pytest.approx(
        found.stated["list_price"], abs=1e-12 * scale
    )
    assert (found.values["idle"] >= 0.0).all()
    assert (found.values["memory"] >= -1e-15 * scale).all()
    assert np.allclose(found.values["capital"] + found.values["electricity"], found.values["floor"])


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(PLACES), traffics)
def test_the_kinds_of_token_add_up_to_the_cost_of_the_mix(place: tuple[str, str], traffic: Traffic) -> None:
    found = economics(*place, Terms(traffic, utilisation=0.5), draws=20)
    each = {word: found.values[f"usd_per_million_{word}"] for word in ("input", "cached", "output")}
    assert min(float(value.min()) for value in each.values()) >= 0.0
    whole = (
        each["output"]
        + each["input"] * traffic.fresh / traffic.output
        + each["cached"] * traffic.held / traffic.output
    )
    assert np.allclose(whole, found.values["at_utilisation"], rtol=1e-12)


def test_the_speed_is_that_of_the_public_law() -> None:
    found = speed("llama-3.1-8b", "h100", Traffic(1000, 500, concurrency=32), Layout(tp=1, engine="vllm"))
    loop = closed_loop(
        model("llama-3.1-8b"), chip("h100"), Placement("vllm"), asked=1000, answered=500, concurrency=32
    )
    assert found.token == token_time(loop)
    assert found.tokens_per_s == pytest.approx(32 / token_time(loop).value)


def test_attention_ranks_hold_more_latent_caches() -> None:
    # every tensor rank keeps the whole latent cache; data ranks keep that of their own requests
    wide = speed("deepseek-v3", "b200", layout=Layout(tp=8, engine="trtllm", weights="fp4"))
    ranks = speed("deepseek-v3", "b200", layout=Layout(tp=1, dp=8, engine="trtllm", weights="fp4"))
    assert wide.chips == ranks.chips == 8
    assert ranks.largest > 4 * wide.largest
    assert ranks.times["largest"] < wide.times["largest"]
    both = ranks.place
    loop = closed_loop(
        model("deepseek-v3"), chip("b200"), both, asked=1000, answered=1000, concurrency=ranks.largest
    )
    assert ranks.tokens_per_s == pytest.approx(ranks.largest / 8 / token_time(loop).value)


def test_a_little_cache_is_near_none() -> None:
    without = speed("llama-3.1-8b", "h100", Traffic(concurrency=32), Layout(tp=1))
    little = speed("llama-3.1-8b", "h100", Traffic(cached=1e-9, concurrency=32), Layout(tp=1))
    much = speed("llama-3.1-8b", "h100", Traffic(cached=0.9, concurrency=32), Layout(tp=1))
    assert little.times["served"] == pytest.approx(without.times["served"], rel=1e-6)
    assert much.times["served"] < without.times["served"]
    assert little.split["cached"] < little.split["input"]


def test_the_batch_is_what_memory_and_objective_allow() -> None:
    free = speed("llama-3.1-8b", "h100", layout=Layout(tp=1))
    assert free.concurrency == free.largest == fit("llama-3.1-8b", "h100", Setup()).sequences(2000)
    limit = free.token.value / 2
    kept = speed("llama-3.1-8b", "h100", Traffic(tpot=limit), Layout(tp=1))
    more = speed("llama-3.1-8b", "h100", Traffic(concurrency=kept.concurrency + 1), Layout(tp=1))
    assert kept.token.value <= limit < more.token.value
    # the usual width is the cheapest power of two
    widths = [speed("llama-3.1-8b", "h100", layout=Layout(tp=tp)).times["served"] for tp in (1, 2, 4, 8)]
    assert speed("llama-3.1-8b", "h100").times["served"] == min(widths)


def test_the_floor_is_the_operations_at_the_rate_of_the_format() -> None:
    found = economics("llama-3.1-8b", "h100", Terms(Traffic(1, 2, concurrency=1), Layout(tp=1)), draws=20)
    # 7.5e9 weights without the input embedding, 2 operations each, 989.5e12/s; attention over 2 tokens is nothing
    hour = default().fact("chip.h100_sxm.tco_neocloud").value
    expected = hour / 3600 * 2 * model("llama-3.1-8b").active_weights / chip("h100").flop_per_s["bf16"] * 1e6
    assert found.stated["floor"] == pytest.approx(expected, rel=1e-3)
    # 1.37 kW x 1.25 x 0.08 usd/kWh of 1.55 usd/h
    assert found.stated["electricity"] / found.stated["floor"] == pytest.approx(1.37 * 1.25 * 0.08 / 1.55)


def test_a_step_that_does_not_apply_is_left_out() -> None:
    free = economics("gpt-oss-120b", "b200", draws=20)
    assert "latency" not in free.parts
    assert "latency" not in free.values
    kept = economics("gpt-oss-120b", "b200", Terms(Traffic(tpot=0.02)), draws=20)
    assert kept.parts == PARTS
    unsold = economics("llama-2-7b", "h100", draws=20)
    assert unsold.top == "at_utilisation"
    assert "margin" not in unsold.parts
    assert np.allclose(sum(unsold.values[part] for part in unsold.parts), unsold.values["at_utilisation"])


def test_doubt_of_law_and_load_widens_the_band() -> None:
    found = economics("gpt-oss-120b", "b200", Terms(utilisation=0.5), draws=4000)
    span = found.speed.token
    low, _, high = found.band("tpot")
    assert low == pytest.approx(span.low, rel=0.03)
    assert high == pytest.approx(span.high, rel=0.03)
    drawn = economics("gpt-oss-120b", "b200", draws=4000)
    wide = [
        np.subtract(*one.band("at_utilisation")[::-2]) / one.band("at_utilisation")[1]
        for one in (drawn, found)
    ]
    assert wide[0] > wide[1]
    assert (found.values["utilisation"] == 0.5).all()
    assert drawn.stated["utilisation"] == pytest.approx(0.48)
    assert ((drawn.values["utilisation"] > 0) & (drawn.values["utilisation"] < 1)).all()


def test_the_price_book_holds_what_the_facts_state() -> None:
    rows = {row.id: row for row in price_book()}
    assert rows.keys() == {fact.id for fact in default().under("price")}
    assert [row.token for row in price_book("llama-3.1-8b")] == ["input", "output"]
    assert rows["price.gpt-oss-120b.output"].hosts == 31
    with pytest.raises(UnknownNameError, match="'deepseek-r1'"):
        price_book("deepseek-r9")


def test_a_price_that_is_not_known_is_not_zero(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inference", "price", "--list", "llama-3.1-8b"]) == 0
    assert "cached   unknown" in capsys.readouterr().out
    assert main(["inference", "price", "--list", "llama-3.1-8b", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["llama-3.1-8b"]["cached"] is None


REFUSED = [
    (
        lambda: speed("llama-3.1-70b", "h100", Traffic(), Layout(tp=1)),
        DataError,
        (
            r"llama-3\.1-70b does not fit 1 x h100_sxm: [\d,]+ byte are missing on a chip\. Enough alone: --tp 2; .*"
            r"\. Ask `narrows inference fit` for every byte\."
        ),
    ),
    (
        lambda: speed("llama-3.1-8b", "h100", Traffic(tpot=1e-6), Layout(tp=1)),
        UsageError,
        (
            r"The option --tpot is given 1e-06\. 1 request in flight of llama-3\.1-8b on 1 x h100_sxm takes 0\.\d+ s an "
            r"output token\. Write a larger --tpot or --tp\."
        ),
    ),
    (
        lambda: speed("llama-3.1-8b", "h100", Traffic(concurrency=100_000), Layout(tp=1)),
        DataError,
        (
            r"The option --concurrency is given 100000\. The memory of 1 x h100_sxm holds \d+ requests of 2000 tokens "
            r"of llama-3\.1-8b\. Write --concurrency \d+ or less, or a larger --tp\."
        ),
    ),
    (
        lambda: Traffic(cached=1.5),
        UsageError,
        r"The option --cached is given 1\.5\. It is a share, 0 to 1\. Write, for instance, --cached 0\.3\.",
    ),
    (
        lambda: Traffic(output=0.0),
        UsageError,
        r"The option --output-tokens is given 0\. It is 1 or more\. Write, for instance, --output-tokens 1000\.",
    ),
    (
        lambda: Layout(dp=0),
        UsageError,
        r"The option --dp is given 0\. It is 1 or more\. Write, for instance, --dp 8\.",
    ),
    (
        lambda: Traffic(tpot=math.nan),
        UsageError,
        r"The option --tpot is given nan\. It is above 0 seconds\. Write, for instance, --tpot 0\.05\.",
    ),
    (
        lambda: economics("gpt-oss-120b", "b200", Terms(utilisation=0.0)),
        UsageError,
        (
            r"The option --utilisation is given 0\. It is above 0 and at most 1\. Write, for instance, "
            r"--utilisation 0\.5\."
        ),
    ),
    (
        lambda: economics("gpt-oss-120b", "b200", Terms(basis="rent")),
        UnknownNameError,
        r"The cost 'rent' is not known\. The nearest known: 'rental'.*",
    ),
    (
        lambda: economics("gpt-oss-121b", "b200"),
        UnknownNameError,
        r"The model 'gpt-oss-121b' is not known\..*",
    ),
    (lambda: economics("gpt-oss-120b", "b2000"), UnknownNameError, r"The chip 'b2000' is not known\..*"),
    (
        lambda: speed("gpt-oss-120b", "b200", layout=Layout(engine="vlm")),
        UnknownNameError,
        r"The engine 'vlm' is not known\. The nearest known: 'vllm', 'trtllm'\. Name one of sglang, trtllm, vllm\.",
    ),
]


@pytest.mark.parametrize(("ask", "kind", "sentence"), REFUSED)
def test_what_cannot_be_is_refused(ask, kind, sentence: str) -> None:
    with pytest.raises(kind) as refusal:
        ask()
    assert re.fullmatch(sentence, str(refusal.value)), str(refusal.value)


def test_every_number_answers_why() -> None:
    found = economics("gpt-oss-120b", "b200", Terms(Traffic(tpot=0.02, cached=0.5)), draws=100)
    for word in found.values:
        chain = why(found.id(word), draws=100)
        assert chain.figure.value == pytest.approx(float(found.values[word].mean())), word
        assert {link.fact.id for link in chain.links} == set(found.reads[word])
    assert [fact.id for fact in why("inference.pue")] == ["inference.pue"]
    with pytest.raises(UnknownNameError, match="margin"):
        why("inference.price.margn.gpt-oss-120b.b200", draws=20)
    with pytest.raises(UsageError, match="has the term 'speed=3'"):
        why("inference.price.margin.gpt-oss-120b.b200@speed=3", draws=20)


def test_the_command_prices_by_the_law(capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    picture = tmp_path / "steps.svg"
    line = ["inference", "price", "gpt-oss-120b", "b200", "--tpot", "0.02", "--draws", "200"]
    assert main([*line, "--svg", str(picture)]) == 0
    shown = capsys.readouterr()
    assert "discount and margin of the seller" in shown.out
    assert f"wrote {picture}" in shown.err
    assert picture.read_text().startswith("<svg")
    assert main([*line, "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    stated = {word: one["stated"] for word, one in table["quantities"].items()}
    assert sum(stated[part] for part in table["parts"]) == pytest.approx(stated["list_price"])
    assert table["left_out"] == []
    assert main([*line, "--tokens-per-s", "2000"]) == 2
    assert capsys.readouterr().err == (
        "narrows: The option --tpot is given with --tokens-per-s. --tpot belongs to the speed by the law. "
        "Leave out one of the two.\n"
    )
    assert main(["inference", "price", "gpt-oss-120b", "b200", "--input-per-output", "3"]) == 2
    assert "--input-per-output belongs to speeds that are given" in capsys.readouterr().err
    assert main(["inference", "price"]) == 2
    assert "is given no model" in capsys.readouterr().err


def test_text_and_picture_name_every_step() -> None:
    for name, card in (("deepseek-r1", "b200"), ("llama-2-7b", "h100")):
        found = economics(name, card, draws=50)
        text, svg = economics_text(found), waterfall_svg(found)
        assert max(map(len, text.splitlines())) <= 110
        for part in found.parts:
            label = {
                "idle": "hours below full load",
                "electricity": "floor: electricity at the math roof",
            }.get(part)
            assert label is None or (label in text and label in svg)


def test_a_given_speed_is_drawn_too(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "given.svg"
    for name, card in (("deepseek-r1", "b200"), ("llama-2-7b", "h100")):
        line = ["inference", "price", name, card, "--tokens-per-s", "2000", "--draws", "50", "--quiet"]
        assert main([*line, "--svg", str(picture)]) == 0
        shown = capsys.readouterr()
        assert "wrote" not in shown.err
        assert "floor: operations at the peak rate" in picture.read_text()
        assert "chips that stand idle" in shown.out


def test_the_list_price_is_the_revenue_that_the_maker_states_for_a_day() -> None:
    # 608e9 tokens of input, 342e9 of them cached, 168e9 of output would bring 562,027 usd at the prices of R1
    traffic = Traffic(1000 * 608 / 168, 1000, cached=342 / 608)
    found = economics("deepseek-r1", "b200", Terms(traffic), draws=20)
    assert found.stated["list_price"] == pytest.approx(562_027 / 168e3, rel=2e-3)
