"""Kernel profiles, measured layer by layer, as the step table of a model.

A profile is a folder of CSV files, plain or with the ending ``.gz``, of times in microseconds on one chip:

- ``attention``: prefill_chunk, kv_prefill, n_decode, kv_decode, time_us; for prompts, decoding, both;
- ``dense``: layer, tokens, time_us;
- ``per_sequence``: layer, sequences, time_us; the head and the sampler;
- ``moe``: tokens, activated_experts, time_us; for models with experts.
"""

from __future__ import annotations

import csv
import gzip
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from narrows.catalog import default
from narrows.errors import DataError, UsageError
from narrows.inference.steps import StepTable

if TYPE_CHECKING:
    from narrows.catalog.catalog import Catalog
    from narrows.transformer import Model

__all__ = ["Profile", "all_reduce_seconds", "read_profile", "step_overhead_seconds"]

Array = NDArray[np.float64]
Row = tuple[str, tuple[float, ...]]
"""Name of a kernel, or nothing, and the numbers of a row."""

COLUMNS = {
    "attention": ("prefill_chunk", "kv_prefill", "n_decode", "kv_decode", "time_us"),
    "dense": ("layer", "tokens", "time_us"),
    "per_sequence": ("layer", "sequences", "time_us"),
    "moe": ("tokens", "activated_experts", "time_us"),
}
ONCE = ("embedding", "final_layernorm")
"""Kernels that run once in a model."""
TWICE = ("layernorm",)
"""Kernels that run twice in a layer: before attention and before the feed-forward part."""
EVERY = ("qkv_proj", "qk_norm", "rotary_emb", "o_proj")
"""Kernels that run once in a layer."""
FEED = ("gate_up_proj", "act_fn", "down_proj")
"""Kernels that run once in a layer with a dense feed-forward part."""
COUNTS = ("tokens", "sequences", "activated_experts")
LARGEST = 1e15
"""Beyond any count of tokens and any time [us]: a larger cell is a slip of the pen."""
NEEDED = ("qkv_proj", "o_proj")
US = 1e-6
REDUCTIONS = 2
"""All-reduces of a layer: after attention, and after the feed-forward part."""
BYTES = 2
"""Bytes of one number of the residual stream, bf16."""


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Measured kernels of one model on one chip; read one with `read_profile`.

    Parameters
    ----------
    name
        Where it was read, for messages.
    dense
        [s] By kernel: tokens, and times.
    per_sequence
        [s] By kernel: sequences, and times.
    axes
        Points of the four axes of attention: tokens of a prompt, tokens before them, decoding requests,
        context of each.
    attention
        [s] Attention of one layer on these axes.
    experts
        Points of tokens and of experts that they meet, and the time of the experts of a layer on them [s];
        None where there are none.
    """

    name: str
    dense: dict[str, tuple[Array, Array]]
    per_sequence: dict[str, tuple[Array, Array]]
    axes: tuple[Array, ...]
    attention: Array
    experts: tuple[Array, Array, Array] | None = None

    @property
    def measured_tokens(self) -> int:
        """Most tokens of a batch that were measured."""
        return int(min(points[-1] for points, _ in self.dense.values()))

    @property
    def measured_sequences(self) -> int:
        """Most sequences of a batch that were measured."""
        return int(min(points[-1] for points, _ in self.per_sequence.values()))

    def dense_seconds(self, model: Model, tokens: Array) -> Array:
        """Return the time of all that depends on the tokens of a batch only, by tokens [s].

        Parameters
        ----------
        model
            Layers, and experts.
        tokens
            Tokens of a batch, above 0.

        Raises
        ------
        DataError
            If the profile lacks the kernels of such a model.
        """
        total = np.zeros_like(tokens)
        dense = model.layers - model.expert_layers
        for kernel, (points, times) in self.dense.items():
            layers = 1 if kernel in ONCE else dense if kernel in FEED else model.layers
            total += layers * (2 if kernel in TWICE else 1) * _along(points, times, tokens)
        if dense and not set(FEED) <= set(self.dense):
            raise DataError(
                f"The profile {self.name!r} has no {next(name for name in FEED if name not in self.dense)}",
                f"{model.id} has {dense} layers with {', '.join(FEED)}",
                "Name the profile of this model",
            )
        if model.expert_layers:
            if self.experts is None:
                raise DataError(
                    f"The profile {self.name!r} has no moe.csv",
                    f"{model.id} has {model.expert_layers} layers with experts",
                    "Name a profile with moe.csv: tokens, activated_experts, time_us",
                )
            total += model.expert_layers * _plane(*self.experts, tokens, model.experts_touched(tokens))
        return total

    def steps(
        self,
        model: Model,
        *,
        tp: int = 1,
        overhead_s: float | None = None,
        reduce_bytes_per_s: float | None = None,
        reduce_latency_s: float | None = None,
    ) -> StepTable:
        """Return the time of every step of a model, for the simulation.

        Parameters
        ----------
        model
            The model that was measured.
        tp
            Chips over which its layers were split when they were measured.
        overhead_s
            [s] What a step takes besides its kernels; that of the catalogue if left out.
        reduce_bytes_per_s, reduce_latency_s
            Bandwidth and latency of an all-reduce; those of PCIe 5 in the catalogue if left out.

        Raises
        ------
        DataError
            If the profile lacks the kernels of such a model.
        UsageError
            If a number is out of range.

        Notes
        -----
        Step time = sum of dense kernels by tokens + head and sampler by sequences + layers x attention
        + all-reduces + overhead. The head works on one token of every request of the batch. Between measured
        points, time is linear in tokens, contexts and requests. Contexts go on by the nearest slope beyond
        the measured range, as memory traffic does; larger batches than measured are refused, except that
        tokens go on by the slope of the last doubling as far as the largest number of sequences.
        """
        if tp < 1:
            raise UsageError(
                f"The width of the split is {tp!r}", "It is a whole number from 1", "Give --tp 1"
            )
        overhead = step_overhead_seconds() if overhead_s is None else overhead_s
        if not (math.isfinite(overhead) and overhead >= 0):
            raise UsageError(f"The overhead of a step is {overhead:g} s", "It is 0 s or more", "Give 0.0008")
        most = self.measured_sequences
        tokens = np.arange(1.0, self.measured_tokens + most + 1)
        alone = self.dense_seconds(model, tokens) + overhead
        alone += all_reduce_seconds(
            model, tokens, tp, bytes_per_s=reduce_bytes_per_s, latency_s=reduce_latency_s
        )
        sequences = np.arange(1.0, most + 1)
        heads = np.zeros(most)
        for points, times in self.per_sequence.values():
            heads += _along(points, times, sequences)
        return StepTable.from_profile(
            np.concatenate([alone[:1], alone]),
            np.concatenate([[0.0], heads]),
            model.attending_layers * self.attention,
            [axis.tolist() for axis in self.axes],
        )


def step_overhead_seconds(catalog: Catalog | None = None) -> float:
    """Return what a step takes besides its kernels [s].

    Parameters
    ----------
    catalog
        Facts; those that come with narrows if left out.
    """
    return (catalog or default()).fact("inference.step_overhead").canonical_value


def all_reduce_seconds(
    model: Model,
    tokens: Array,
    tp: int,
    *,
    bytes_per_s: float | None = None,
    latency_s: float | None = None,
    catalog: Catalog | None = None,
) -> Array:
    """Return the time that chips take to add up their parts of a step [s].

    Parameters
    ----------
    model
        Layers and width.
    tokens
        Tokens of the batch.
    tp
        Chips over which layers are split.
    bytes_per_s, latency_s
        Bandwidth and latency of one all-reduce; those of PCIe 5 in the catalogue if left out.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UsageError
        If a number is out of range.

    Notes
    -----
    2 L (a + 2 (g - 1)/g t d b / N) for L layers, g chips, t tokens of d numbers of b bytes; the ring
    all-reduce.

    Examples
    --------
    >>> from narrows.transformer.registry import model
    >>> qwen, one = model("qwen3-32b"), np.array([1000.0])
    >>> float(all_reduce_seconds(qwen, one, 1)[0])
    0.0
    >>> found = all_reduce_seconds(qwen, one, 2, bytes_per_s=16e9, latency_s=20e-6)
    >>> round(float(found[0]), 5)  # 128 x (20 us + 10.24 MB / 16 GB/s)
    0.08448
    """
    if tp == 1:
        return np.zeros_like(tokens)
    facts = catalog or default()
    rate = (
        facts.fact("inference.all_reduce_bandwidth").canonical_value if bytes_per_s is None else bytes_per_s
    )
    wait = facts.fact("inference.all_reduce_latency").canonical_value if latency_s is None else latency_s
    if not (math.isfinite(rate) and rate > 0 and math.isfinite(wait) and wait >= 0):
        raise UsageError(
            f"An all-reduce has {rate:g} byte/s and {wait:g} s",
            "Its bandwidth is above 0 byte/s and its latency 0 s or more",
            "Give 16e9 and 20e-6",
        )
    moved = 2 * (tp - 1) / tp * BYTES * model.hidden / rate
    return REDUCTIONS * model.layers * (wait + moved * tokens)


def read_profile(folder: str | Path) -> Profile:
    """Return the kernel profile of a folder.

    Parameters
    ----------
    folder
        Folder with ``attention.csv``, ``dense.csv``, ``per_sequence.csv`` and, for experts, ``moe.csv``; each
        may end in ``.gz``.

    Raises
    ------
    DataError
        If a file is missing or cannot be read, lacks a column, holds a cell that is not a number of 0 or
        more, or does not cover its range.
    """
    home = Path(folder)
    attention = _read(home, "attention")
    if not attention:
        raise _lacks(home, "attention")
    axes, times = _attention(home, np.array([numbers for _, numbers in attention], dtype=np.float64))
    curves: dict[str, dict[str, tuple[Array, Array]]] = {}
    for file in ("dense", "per_sequence"):
        rows = _read(home, file)
        curves[file] = {
            kernel: _curve([numbers for name, numbers in rows if name == kernel])
            for kernel in dict.fromkeys(name for name, _ in rows)
        }
    known = (*ONCE, *TWICE, *EVERY, *FEED)
    unknown = next((kernel for kernel in curves["dense"] if kernel not in known), None)
    missing = next((kernel for kernel in NEEDED if kernel not in curves["dense"]), None)
    if unknown or missing or not curves["per_sequence"]:
        fault = f"has a kernel {unknown!r}" if unknown else f"has no {missing or 'rows in per_sequence'}"
        raise DataError(
            f"The profile {str(folder)!r} {fault}",
            f"Dense kernels are {', '.join(known)}; per_sequence has the head and the sampler",
            "Rename the kernel, or measure what is missing",
        )
    experts = _read(home, "moe", optional=True)
    plane = None
    if experts:
        table = np.array([numbers for _, numbers in experts], dtype=np.float64)
        points = [np.unique(table[:, column]) for column in range(2)]
        if any(axis.size < 2 for axis in points):  # noqa: PLR2004 -- a line needs two points
            raise _lacks(home, "moe")
        plane = (points[0], points[1], _filled(points, table, home, "moe"))
    return Profile(str(folder), curves["dense"], curves["per_sequence"], axes, times, plane)


def _lacks(home: Path, name: str) -> DataError:
    return DataError(
        f"The profile {str(home)!r} has too few rows in {name}.csv",
        f"It has the columns {', '.join(COLUMNS[name])}, and two points or more in each",
        "Measure the kernels, or name another folder",
    )


def _read(home: Path, name: str, *, optional: bool = False) -> list[Row]:
    """Return the rows of a file: the name of a kernel, or nothing, then its numbers."""
    plain = home / f"{name}.csv"
    path = next((p for p in (plain, home / f"{name}.csv.gz") if p.is_file()), plain)
    if optional and not path.is_file():
        return []
    wanted = COLUMNS[name]
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8", newline="")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8", newline="") as file
        ):
            lines = csv.DictReader(file)
            missing = [column for column in wanted if column not in (lines.fieldnames or ())]
            if missing:
                raise DataError(
                    f"The file {str(path)!r} has no column {missing[0]!r}",
                    f"Its columns are {', '.join(wanted)}",
                    "Add the column, or name another folder",
                )
            return [_row(path, lines.line_num, wanted, row) for row in lines]
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"The profile {str(home)!r} has a {name}.csv that cannot be read: "
            f"{getattr(error, 'strerror', None) or error}",
            "A profile is a folder with attention.csv, dense.csv and per_sequence.csv, plain or gzipped",
            "Name another folder",
        ) from error


def _row(path: Path, line: int, wanted: tuple[str, ...], row: dict[str, str | None]) -> Row:
    numbers = []
    for column in wanted:
        text = row[column] or ""
        if column == "layer":
            continue
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not (column in COUNTS) <= number <= LARGEST:
            raise DataError(
                f"Line {line} of {str(path)!r} has {column} {text!r}",
                f"Cells are numbers from 0 to {LARGEST:g}, times in microseconds; tokens, sequences and "
                "experts of a kernel are 1 or more",
                "Mend the row or leave it out",
            )
        numbers.append(number)
    return row.get("layer") or "", tuple(numbers)


def _curve(rows: list[tuple[float, ...]]) -> tuple[Array, Array]:
    """Return points in order and times [s]; the mean where a point was measured again."""
    table = np.array(rows, dtype=np.float64)
    points, place, counts = np.unique(table[:, 0], return_inverse=True, return_counts=True)
    times: Array = US * np.bincount(place, table[:, 1]) / counts
    return points, times


def _along(points: Array, times: Array, at: Array) -> Array:
    """Return times between points, linear; beyond the last by the slope of the last doubling."""
    found = np.interp(at, points, times)
    half = float(np.interp(points[-1] / 2, points, times))
    slope = max(float(times[-1]) - half, 0.0) / (points[-1] / 2)
    beyond: Array = found + slope * np.maximum(at - points[-1], 0.0)
    return beyond


def _plane(rows: Array, columns: Array, times: Array, x: Array, y: Array) -> Array:
    """Return times at pairs, linear in both directions, by the nearest slope beyond the last row."""
    i = np.clip(np.searchsorted(rows, x, side="right") - 1, 0, max(rows.size - 2, 0))
    j = np.clip(np.searchsorted(columns, y, side="right") - 1, 0, max(columns.size - 2, 0))
    u = (x - rows[i]) / (rows[i + 1] - rows[i])
    v = (y - columns[j]) / (columns[j + 1] - columns[j])
    low = times[i, j] + v * (times[i, j + 1] - times[i, j])
    high = times[i + 1, j] + v * (times[i + 1, j + 1] - times[i + 1, j])
    found: Array = low + u * (high - low)
    return found


def _attention(home: Path, table: Array) -> tuple[tuple[Array, ...], Array]:
    """Return the axes of attention and the time of one layer on them [s]."""
    mixed = (table[:, 0] > 0) & (table[:, 2] > 0)
    prompts, decodes = (table[:, 0] > 0) & (table[:, 2] == 0), (table[:, 0] == 0) & (table[:, 2] > 0)
    if not (prompts.any() and decodes.any() and mixed.any()):
        raise DataError(
            f"The profile {str(home)!r} has {prompts.sum()} rows of prompts alone, {decodes.sum()} of "
            f"decoding alone and {mixed.sum()} of both",
            "attention.csv has rows of all three: prefill_chunk, n_decode or both above 0",
            "Measure what is missing",
        )
    inner = [
        np.unique(table[prompts | mixed, 0]),
        np.unique(np.concatenate([[0.0], table[prompts | mixed, 1]])),
        np.unique(table[decodes | mixed, 2]),
        np.unique(table[decodes | mixed, 3]),
    ]
    if any(axis.size < 2 for axis in inner):  # noqa: PLR2004 -- a line needs two points
        raise _lacks(home, "attention")
    sizes = [axis.size for axis in inner]
    times = np.zeros((sizes[0] + 1, sizes[1], sizes[2] + 1, sizes[3]))
    times[1:, :, 0, :] = _filled(inner[:2], table[prompts][:, [0, 1, 4]], home, "attention")[:, :, None]
    times[0, :, 1:, :] = _filled(inner[2:], table[decodes][:, [2, 3, 4]], home, "attention")
    times[1:, :, 1:, :] = _filled(inner, table[mixed], home, "attention")
    axes = (
        np.concatenate([[0.0], inner[0]]),
        inner[1],
        np.concatenate([[0.0], inner[2]]),
        inner[3],
    )
    return axes, times


def _filled(axes: list[Array], table: Array, home: Path, name: str) -> Array:
    """Return a full table of times [s] from the measured points of its axes.

    A point that was not measured is linear between the nearest measured neighbours along the axis where
    these are closest, counted in points of the axis; the mean of several such axes. What lies above them goes
    on along its axis by the nearest slope and never falls; what lies below takes the nearest time.
    """
    grid = np.full([axis.size for axis in axes], np.nan)
    grid[tuple(np.searchsorted(axis, table[:, k]) for k, axis in enumerate(axes))] = US * table[:, -1]
    for outward in (False, True, True):
        while np.isnan(grid).any():
            found, gaps = zip(
                *(_line(grid, k, axis, outward=outward) for k, axis in enumerate(axes)), strict=True
            )
            least = np.min(gaps, axis=0)
            chosen = np.array(gaps) == least
            guess = np.where(chosen, found, 0.0).sum(axis=0) / chosen.sum(axis=0)
            new = np.isnan(grid) & np.isfinite(least)
            if not new.any():
                break
            grid[new] = guess[new]
            if outward:
                break
    if np.isnan(grid).any():
        raise DataError(
            f"The profile {str(home)!r} has a {name}.csv that leaves {int(np.isnan(grid).sum())} points open",
            "Every axis has two measured points or more for each setting of the others",
            "Measure more points",
        )
    return grid


def _line(grid: Array, axis: int, points: Array, *, outward: bool) -> tuple[Array, Array]:
    """Return times from the measured neighbours along one axis, and how far apart these are."""
    values = np.moveaxis(grid, axis, -1)
    count = values.shape[-1]
    known = ~np.isnan(values)
    place = np.broadcast_to(np.arange(count), values.shape)
    if outward:
        last = np.where(known, place, -1).max(axis=-1, keepdims=True)
        prior = np.where(known & (place < last), place, -1).max(axis=-1, keepdims=True)
        first = np.where(known, place, count).min(axis=-1, keepdims=True)
        ahead = place < first
        low, high = (np.where(ahead, first, found) for found in (prior, last))
        inside = ~known & (low >= 0) & (high < count)
    else:
        low = np.maximum.accumulate(np.where(known, place, -1), axis=-1)
        high = np.flip(np.minimum.accumulate(np.flip(np.where(known, place, count), -1), axis=-1), -1)
        inside = ~known & (low >= 0) & (high < count)
    low, high = np.where(inside, low, 0), np.where(inside, high, 0)
    start, end = (np.take_along_axis(values, at, -1) for at in (low, high))
    slope = (end - start) / np.where(high > low, points[high] - points[low], 1.0)
    found = end + np.maximum(slope, 0.0) * (points[place] - points[high])
    if not outward:
        found = start + slope * (points[place] - points[low])
    gap = np.where(inside, np.abs(place - high) + high - low, np.inf) if outward else high - low
    gap = np.where(inside, gap, np.inf)
    return np.moveaxis(np.where(inside, found, 0.0), -1, axis), np.moveaxis(gap, -1, axis)
