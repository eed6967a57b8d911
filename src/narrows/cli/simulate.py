"""``narrows inference simulate``: what a deployment does with a trace of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrows.cli.output import emit
from narrows.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from narrows.inference.steps import StepTable

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Simulate and show."""
    from narrows.inference.engine import Engine, read_requests
    from narrows.inference.simulation import simulate

    engine = Engine(
        replicas=arguments.replicas,
        blocks=arguments.blocks,
        chunk=arguments.chunk,
        sequences=arguments.sequences,
        routing=arguments.routing,
        seed=arguments.seed,
    )
    table, requests = _steps(arguments), read_requests(arguments.trace)
    result = simulate(requests, table, engine, rate=arguments.rate, cv=arguments.cv, seed=arguments.seed)
    answer = result.to_json()
    if arguments.json:
        import json

        emit(json.dumps({"command": "inference simulate", **answer}, indent=2), arguments.output)
    else:
        emit(_text(answer), arguments.output)
    return 0


def _steps(arguments: Namespace) -> StepTable:
    from pathlib import Path

    from narrows.inference.steps import StepTable

    given = sum(value is not None for value in (arguments.steps, arguments.law, arguments.profile))
    if given != 1:
        raise UsageError(
            "The time of a step is given " + ("more than once" if given else "not at all"),
            "It comes from --steps FILE.npz, from --profile FOLDER with --model NAME, or from --law, a list "
            "of up to seven coefficients in seconds",
            "Give one of them, such as --law 0.005,0.00003",
        )
    if arguments.profile is not None:
        return _profile_steps(arguments)
    if arguments.steps is not None:
        return StepTable.load(Path(arguments.steps), layers=arguments.layers)
    try:
        coefficients = [float(text) for text in arguments.law.split(",")]
    except ValueError:
        raise UsageError(
            f"The option --law is given {arguments.law!r}",
            "It takes numbers with commas between them",
            "Write, for instance, --law 0.005,0.00003",
        ) from None
    return StepTable.from_law(coefficients)


def _profile_steps(arguments: Namespace) -> StepTable:
    from narrows.inference.profiles import read_profile
    from narrows.inference.registry import model

    if arguments.model is None:
        raise UsageError(
            "A kernel profile is given without --model",
            "The model says how many layers there are",
            "Add --model llama-3.1-8b, or the config.json of the model",
        )
    return read_profile(arguments.profile).steps(model(arguments.model), tp=arguments.tp)


def _text(answer: dict[str, Any]) -> str:
    names = {"queue_s": "queue", "ttft_s": "TTFT", "tpot_s": "TPOT", "tbt_s": "gap", "e2e_s": "E2E"}
    requests, tokens = _shown(answer["requests_per_s"]), _shown(answer["output_tokens_per_s"])
    asked = f"{answer['requests']:,} requests on {answer['replicas']} replicas"
    work = f"{answer['batches']:,} batches, {answer['preemptions']:,} preemptions"
    lines = [
        f"{asked}: {requests} requests/s, {tokens} output tokens/s",
        f"{work}, at most {answer['peak_blocks']:,} cache blocks in use",
    ]
    if answer["saturated"]:
        return "\n".join([*lines, f"saturated: {answer['reason']}"])
    lines.append(f"{'seconds':<8}{'p50':>10}{'p90':>10}{'p99':>10}")
    lines += [
        f"{text:<8}" + "".join(f"{_shown(value):>10}" for value in answer[name].values())
        for name, text in names.items()
    ]
    return "\n".join(lines)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
