"""Training: every execution of a step priced, counted as the peer counts them."""

from __future__ import annotations

from functools import partial

from benchmarks import Row, benchmark
from benchmarks.kernel import least_seconds
from narrows.training.executions import Problem, search_executions
from narrows.training.machine import machine
from narrows.transformer.registry import model

PEER = 76.7
"""Executions a CPU-second of calculon @caa4b11 on 22B, 8 A100, batch 4, as recorded; not run here."""
LEAST, MOST_SECONDS = 1e6, 10.0
LARGE = "gpt3-175b 512/512"
COUNTED = {
    "gpt3-175b 64/64": (Problem(64, 64), 3_232_128),
    LARGE: (Problem(512, 512), 6_582_816),
    "gpt3-175b 1024/1536": (Problem(1024, 1536), 11_698_528),
    "megatron-1t 512/512": (Problem(512, 512), 5_882_400),
    "megatron-1t 4096/4096": (Problem(4096, 4096), 7_276_848),
    "turing-530b 280/280": (Problem(280, 280), 1_434_272),
    "megatron-22b 8/4, no second memory": (Problem(8, 4, second_memory=False), 28_006),
}
"""Problems, chips over batch, and their executions as the peer counts them."""


@benchmark("training_search")
def speed() -> list[Row]:
    """Price all executions of seven problems on A100."""
    chip, rows, same = machine("a100"), [], 0
    for name, (problem, count) in COUNTED.items():
        llm = model(name.split()[0])
        found = search_executions(llm, chip, problem)
        same += found.executions == count
        _, cpu = least_seconds(partial(search_executions, llm, chip, problem), 3)
        rate = count / cpu
        small = not problem.second_memory
        title = f"executions of {name}: {count:,}"
        rows.append(
            Row(
                f"{title}; peer as recorded" if small else title,
                rate,
                PEER if small else None,
                "1/s",
                rate / PEER if small else None,
                f"at least {LEAST:,.0f}",
                rate >= LEAST,
            )
        )
        if name == LARGE:
            goal = f"at most {MOST_SECONDS:g} s"
            rows.append(Row(f"all of {name}, best 10", cpu, None, "s", None, goal, cpu <= MOST_SECONDS))
    rows.append(
        Row("problems with the count of the peer", same, None, "", None, "all 7", same == len(COUNTED))
    )
    return rows
