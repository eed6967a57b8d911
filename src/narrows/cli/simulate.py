"""``narrows inference simulate``: what a deployment does with a trace of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrows.cli.output import emit, write
from narrows.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from narrows.inference.engine import Engine, Requests
    from narrows.inference.split import Split
    from narrows.inference.steps import StepTable

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Simulate and show."""
    from narrows.inference.simulation import simulate

    table, blocks, context, cache = _steps(arguments)
    requests, engine, split = _requests(arguments), _engine(arguments, blocks), _split(arguments, cache)
    if context:
        from narrows.inference.deployed import check_context

        check_context(requests, context)
    rate = None if arguments.trace is None else arguments.rate
    result = simulate(requests, table, engine, split=split, rate=rate, cv=arguments.cv, seed=arguments.seed)
    if arguments.svg is not None:
        from narrows.report.latency import latency_svg

        write(arguments.svg, latency_svg(result))
    answer = result.to_json()
    if arguments.json:
        import json

        emit(json.dumps({"command": "inference simulate", **answer}, indent=2), arguments.output)
    else:
        emit(_text(answer), arguments.output)
    return 0


def _requests(arguments: Namespace) -> Requests:
    from narrows.inference.engine import Requests, read_requests
    from narrows.inference.prefixes import read_named
    from narrows.inference.simulation import arrive, draw_lengths

    if (arguments.trace is None) == (arguments.requests is None):
        raise UsageError(
            f"The requests are given {'not at all' if arguments.trace is None else 'twice'}",
            "They come from --trace FILE, or from --requests N with --input-tokens, --output-tokens, --rate",
            "Give one of the two",
        )
    if arguments.trace is not None:
        named = arguments.trace.removesuffix(".gz").endswith(".jsonl")
        return read_named(arguments.trace) if named else read_requests(arguments.trace)
    for option in ("input_tokens", "output_tokens", "rate"):
        if getattr(arguments, option) is None:
            raise UsageError(
                f"There are {arguments.requests} requests without --{option.replace('_', '-')}",
                "Requests without a trace have a mean prompt, a mean output and a rate",
                "Give --input-tokens 1000 --output-tokens 200 --rate 5",
            )
    count, cv, seed = arguments.requests, arguments.length_cv, arguments.seed
    return Requests(
        arrive(max(count, 1), arguments.rate, cv=arguments.cv, seed=seed),
        draw_lengths(count, arguments.input_tokens, cv=cv, seed=seed + 1),
        draw_lengths(count, arguments.output_tokens, cv=cv, seed=seed + 2),
    )


def _engine(arguments: Namespace, blocks: int | None) -> Engine:
    from narrows.inference.engine import Engine

    if arguments.speculate and arguments.acceptance is None:
        raise UsageError(
            f"The engine drafts {arguments.speculate} tokens in a step without --acceptance",
            "The gain hangs on the share that is accepted, from 0 to 1",
            "Give --acceptance 0.7, or one that was measured",
        )
    usual = Engine()
    return Engine(
        replicas=arguments.replicas,
        blocks=arguments.blocks if arguments.blocks is not None else blocks or usual.blocks,
        block_tokens=arguments.block_tokens,
        chunk=arguments.chunk,
        sequences=arguments.sequences,
        routing=arguments.routing,
        seed=arguments.seed,
        policy=arguments.policy,
        prefix_cache=arguments.prefix_cache,
        speculate=arguments.speculate,
        acceptance=arguments.acceptance or 0.0,
        draft_share=arguments.draft_share,
    )


def _split(arguments: Namespace, cache: float | None) -> Split | None:
    from narrows.inference.split import Split

    if arguments.split is None:
        return None
    if arguments.replicas != 1:
        raise UsageError(
            f"The deployment has {arguments.replicas} replicas and the split {arguments.split}",
            "A split counts the engines of both kinds",
            "Leave --replicas out",
        )
    prompts, _, decodes = arguments.split.partition(":")
    if not (prompts.isdecimal() and decodes.isdecimal()):
        raise UsageError(
            f"The option --split is given {arguments.split!r}",
            "It takes the engines for prompts, a colon, and the engines for decoding",
            "Write, for instance, --split 1:3",
        )
    cache_bytes = arguments.cache_bytes_per_token
    cache_bytes = cache if cache_bytes is None else cache_bytes
    if cache_bytes is None or arguments.transfer_bytes_per_s is None:
        missing = "--transfer-bytes-per-s" if cache_bytes is not None else "--cache-bytes-per-token"
        raise UsageError(
            f"The split {arguments.split} comes without {missing}",
            "The cache of a prompt goes from one engine to another over a link",
            f"Give {missing} {'5e10' if cache_bytes is not None else '131072'}",
        )
    return Split(
        int(prompts), int(decodes), cache_bytes, arguments.transfer_bytes_per_s, arguments.transfer_latency_s
    )


def _steps(arguments: Namespace) -> tuple[StepTable, int | None, int, float | None]:
    """Return the time of a step; with a model also blocks that fit, its context, and bytes of a token."""
    from narrows.inference.steps import StepTable

    given = [name for name in ("steps", "law", "profile") if getattr(arguments, name) is not None]
    if not given and arguments.model is not None:
        return _placed(arguments)
    if len(given) != 1 or (arguments.model is not None and given != ["profile"]):
        raise UsageError(
            "The time of a step is given " + ("more than once" if given else "not at all"),
            "It comes from --model NAME --chip NAME, from --steps FILE.npz, from --profile FOLDER with "
            "--model, or from --law, a list of up to seven coefficients in seconds",
            "Give one of them, such as --law 0.005,0.00003",
        )
    if arguments.profile is not None:
        return _profile_steps(arguments), None, 0, None
    if arguments.steps is not None:
        from pathlib import Path

        return StepTable.load(Path(arguments.steps), layers=arguments.layers), None, 0, None
    try:
        coefficients = [float(text) for text in arguments.law.split(",")]
    except ValueError:
        raise UsageError(
            f"The option --law is given {arguments.law!r}",
            "It takes numbers with commas between them",
            "Write, for instance, --law 0.005,0.00003",
        ) from None
    return StepTable.from_law(coefficients), None, 0, None


def _placed(arguments: Namespace) -> tuple[StepTable, int | None, int, float | None]:
    from narrows.inference.deployed import deploy

    if arguments.chip is None:
        raise UsageError(
            f"The model {arguments.model} is given without a chip", "It runs on chips", "Add --chip h100"
        )
    found = deploy(
        arguments.model,
        arguments.chip,
        tp=arguments.tp,
        weights=arguments.weights,
        engine=arguments.engine,
        block_tokens=max(arguments.block_tokens, 1),
        most_tokens=max(arguments.chunk, 1) + max(arguments.sequences, 1),
    )
    return found.steps, found.blocks, found.context, found.cache_bytes_per_token


def _profile_steps(arguments: Namespace) -> StepTable:
    from narrows.inference.profiles import read_profile
    from narrows.transformer.registry import model

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
    engines = f"{answer['replicas']} replica{'' if answer['replicas'] == 1 else 's'}"
    if "prompt_replicas" in answer:
        engines = (
            f"{answer['prompt_replicas']} + {answer['decode_replicas']} engines for prompts and decoding"
        )
    asked = f"{answer['requests']:,} requests on {engines}, {answer['policy']}"
    work = f"{answer['batches']:,} batches, {answer['preemptions']:,} preemptions"
    lines = [
        f"{asked}: {requests} requests/s, {tokens} output tokens/s",
        f"{work}, at most {answer['peak_blocks']:,} cache blocks in use",
    ]
    if "cached_share" in answer:
        lines.append(f"{answer['cached_share']:.1%} of the prompt tokens found in the prefix cache")
    if "tokens_per_verification" in answer:
        lines.append(f"{answer['tokens_per_verification']:.3f} tokens for each verification")
    if answer.get("transfer_s") is not None:
        lines.append(f"{_shown(answer['transfer_s'])} s to move the cache of a prompt, on average")
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
