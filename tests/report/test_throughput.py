"""The pages of throughput: every line of a known case, and JSON that reads back."""

from __future__ import annotations

import json

from narrows.cli import main
from narrows.inference.throughput import best_throughput
from narrows.report.throughput import throughput_json, throughput_text


def test_the_page_names_what_was_found():
    found = best_throughput(
        "llama-3.1-8b", "h100", asked=1024, answered=1024, ttft_limit_s=2, tpot_limit_s=0.05
    )
    page = throughput_text(found)
    lines = page.splitlines()
    assert lines[0] == "llama-3.1-8b on h100_sxm, 1,024 tokens in and 1,024 out, full load"
    speed = next(line for line in lines if "output tokens/s a chip" in line)
    assert [float(word.replace(",", "")) for word in speed.split()[-3:]] == [
        round(value) for value in (
            found.tokens_per_s_per_chip.value,
            found.tokens_per_s_per_chip.low,
            found.tokens_per_s_per_chip.high,
        )
    ]  # fmt: skip
    assert "Placement: whole (fp8, cache fp8) on 1 chip, " in page
    assert f"99 % of requests stay below: {1e3 * found.tpot_s:.1f} ms." in page
    assert not any(line != line.rstrip() for line in lines)


def test_without_limits_the_mean_is_told_and_no_first_token():
    page = throughput_text(best_throughput("llama-3.1-8b", "l40s", asked=100, answered=100))
    assert "Time per output token, mean: " in page
    assert "first token" not in page
    assert "No cost of this chip is known." in page


def test_json_reads_back():
    found = best_throughput("mixtral-8x7b", "h100", asked=100, answered=100)
    told = json.loads(throughput_json(found))
    assert told["tokens_per_s_per_chip"]["value"] == found.tokens_per_s_per_chip.value
    assert told["chips"] == found.chips
    assert told["sources"] == list(found.reads)


def test_the_command_prints_the_page(capsys):
    assert (
        main(
            [
                "inference",
                "throughput",
                "llama-3.1-8b",
                "h100",
                "--input-tokens",
                "1000",
                "--output-tokens",
                "500",
            ]
        )
        == 0
    )
    page = capsys.readouterr().out
    found = best_throughput("llama-3.1-8b", "h100", asked=1000, answered=500)
    assert page.rstrip() == throughput_text(found).rstrip()


def test_the_command_refuses_a_word_for_a_number(capsys):
    code = main(
        [
            "inference",
            "throughput",
            "llama-3.1-8b",
            "h100",
            "--input-tokens",
            "many",
            "--output-tokens",
            "500",
        ]
    )
    assert code == 2
    assert (
        capsys.readouterr()
        .err.strip()
        .endswith(
            "The option --input-tokens is given 'many'. It takes a number. Write, for instance, --input-tokens 1024."
        )
    )
