"""The balance of memory of a model on chips, as text and as JSON."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from narrows.inference.fit import BLOCK

if TYPE_CHECKING:
    from narrows.inference.fit import Fit

__all__ = ["fit_json", "fit_text"]

GB = 1e9


def fit_text(found: Fit) -> str:
    """Return a balance as text.

    Parameters
    ----------
    found
        The balance.
    """
    setup = found.setup
    ranks = " ".join(f"{name}{getattr(setup, name)}" for name in ("tp", "pp", "ep", "dp"))
    lines = [f"{found.model} on {setup.chips} x {found.chip} ({ranks}), bytes on the fullest chip", ""]
    rows = [("memory the engine may fill", found.memory_bytes, f"{setup.share:g} of what programs see")]
    rows += [(f"weights: {name}", size, f"{found.bits[name]:g} bit") for name, size in found.modules.items()]
    span = f"{found.overhead_low / GB:.2f} to {found.overhead_high / GB:.2f}"
    rows += [
        ("weights in all", found.weights_bytes, ""),
        ("overhead of the engine", found.overhead_bytes, span),
        ("room for the cache", found.room_bytes, f"{setup.kv}, {found.kv_bytes_per_token:,.0f} byte a token"),
    ]
    lines += [f"  {name:<28}{size / GB:>10.3f} GB  {note}".rstrip() for name, size, note in rows]
    lines += ["", _verdict(found)]
    if found.fits:
        rank = "a data-parallel rank" if setup.dp > 1 else "the cache"
        held = (
            f"{found.blocks:,} blocks of {BLOCK} tokens in {rank} "
            f"({found.blocks_low:,} to {found.blocks_high:,}): {found.tokens:,} tokens; "
            f"longest sequence {found.longest:,}."
        )
        lines += [
            held,
            "",
            "     context  sequences",
            *(f"  {length:>10,}  {count:>9,}" for length, count in found.batches()),
        ]
    return "\n".join(lines)


def _verdict(found: Fit) -> str:
    if found.fits:
        return "It fits."
    asked = f" with one sequence of {found.setup.context:,} tokens" if found.setup.context else ""
    changes = (
        f"Enough alone: {'; '.join(found.remedies)}." if found.remedies else "No single change is enough."
    )
    return f"It does not fit{asked}: {math.ceil(found.short_bytes):,} byte are missing on a chip. {changes}"


def fit_json(found: Fit) -> str:
    """Return a balance as JSON; bytes are those of the fullest chip.

    Parameters
    ----------
    found
        The balance.
    """
    setup = found.setup
    table = {
        "model": found.model,
        "chip": found.chip,
        "chips": setup.chips,
        "tp": setup.tp,
        "pp": setup.pp,
        "ep": setup.ep,
        "dp": setup.dp,
        "fits": found.fits,
        "short_bytes": found.short_bytes,
        "remedies": list(found.remedies),
        "memory_bytes": found.memory_bytes,
        "weights_bytes": found.weights_bytes,
        "modules": {
            name: {"bytes": size, "bits_per_weight": found.bits[name]} for name, size in found.modules.items()
        },
        "overhead_bytes": found.overhead_bytes,
        "overhead_bytes_low": found.overhead_low,
        "overhead_bytes_high": found.overhead_high,
        "kv_bytes_per_token": found.kv_bytes_per_token,
        "block_tokens": BLOCK,
        "blocks": found.blocks,
        "blocks_low": found.blocks_low,
        "blocks_high": found.blocks_high,
        "tokens": found.tokens,
        "longest_sequence": found.longest,
        "batches": [{"context": length, "sequences": count} for length, count in found.batches()],
        "sources": list(found.reads),
    }
    return json.dumps(table, indent=2, allow_nan=False)
