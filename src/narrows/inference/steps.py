"""How long one step of a serving engine takes, given what is in its batch.

A `StepTable` is a handful of plain arrays, so that the compiled event kernel reads the same numbers as
the readable one. There are four kinds: measured tables of one layer, a law with coefficients, a soft roof,
which holds a placed model of `narrows.inference.law`, and a kernel profile, which interpolates measured
attention of mixed batches (`narrows.inference.profiles`).
"""

from __future__ import annotations

import math
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from narrows.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["LAW", "PROFILE", "ROOF", "SHARPNESS", "TABLES", "TERMS", "StepTable"]

Floats = NDArray[np.float64]

TABLES, LAW, ROOF, PROFILE = 0, 1, 2, 3
"""Kinds of step table: measured tables; coefficients; soft maximum of memory and compute; kernel profile."""
SHARPNESS = 6.0
"""Power of the soft maximum of memory and compute time."""
AXES = 4
"""Axes of the attention of a profile: tokens of a prompt, tokens before them, decoding requests, context."""
GRAIN = 64
"""Tokens by which contexts are rounded up."""
TERMS = (
    "one",
    "tokens",
    "decoding requests",
    "decode context",
    "prompt chunks",
    "prompt context",
    "sum of squared chunks",
)
"""What the coefficients of a law multiply, in their order."""
TOKEN_GRAIN = 8
OVERHEAD = 1.1
"""Factor on the attention of a batch with more than one request of its sort."""
NO_LIMIT = 2**63 - 1


@dataclass(frozen=True, slots=True, eq=False)
class StepTable:
    """Time of a step as arrays; build one with a method ``from_...``, or `load`.

    Parameters
    ----------
    kind
        `TABLES`, `LAW`, `ROOF` or `PROFILE`.
    token
        [ms per layer] Work that depends on the tokens of the batch only; axis: tokens. For a profile [s].
    decode
        [ms per layer] Attention of decoding requests; axes: requests, mean context in units of 64 tokens. For
        a roof: four rows by tokens [s], see `from_roof`. For a profile: attention of all layers [s].
    prefill
        [ms per layer] Attention of prompts; axes: context in units of 64 tokens, root of the sum of
        squared chunks. For a profile: one row, what depends on the sequences of the batch only [s].
    coefficients
        For tables: layers, and the factor on `prefill` with more than one chunk. For a law: three rows of
        seven numbers [s], see `from_law`, one after the other. For a roof: nine numbers, see `from_roof`. For
        a profile: the lengths of four axes, then their points.

    Examples
    --------
    >>> table = StepTable.from_law(always=[0.01, 1e-5])
    >>> round(table.seconds(n_decode=10, decode_kv=5000, n_prefill=1, prefill_tokens=90), 6)
    0.011
    """

    kind: int
    token: Floats
    decode: Floats
    prefill: Floats
    coefficients: Floats

    @classmethod
    def from_layers(
        cls, lin: Floats, kvsave: Floats, decode: Floats, prefill: Floats, *, layers: int
    ) -> StepTable:
        """Return the step table of measured times of one layer.

        Parameters
        ----------
        lin, kvsave
            [ms] Matrix work, and writing the cache, by tokens from 0.
        decode
            [ms] Attention of decoding requests; axes: requests, mean context / 64 rounded up.
        prefill
            [ms] Attention of prompts; axes: context / 64 rounded up, chunk.
        layers
            Layers of the model.

        Raises
        ------
        DataError
            If the shapes do not fit or a time is negative or not finite.

        Notes
        -----
        Step time = layers x (lin[tokens up to 8] + kvsave[tokens] + D + F), with D = decode[n, ceil(m/64)]
        x (1.1 if n > 1), m the mean context rounded down, and F = prefill[sum of ceil(context/64),
        round(sqrt(sum of chunk^2))] x (1.1 if more than one chunk). This is the rule of Vidur (Agrawal et
        al. 2024) with its batching overhead of 0.1.

        Examples
        --------
        >>> one = StepTable.from_layers(
        ...     np.ones(65), np.zeros(65), np.ones((9, 5)), np.ones((5, 65)), layers=10
        ... )
        >>> round(one.seconds(n_decode=2, decode_kv=100), 6)
        0.021
        """
        tables = [np.asarray(array, dtype=np.float64) for array in (lin, kvsave, decode, prefill)]
        fits = [table.ndim for table in tables] == [1, 1, 2, 2] and tables[0].shape == tables[1].shape
        if not fits or any(0 in table.shape for table in tables):
            raise DataError(
                f"The tables of a layer have shapes {', '.join(str(table.shape) for table in tables)}",
                "lin and kvsave are two lists of one length; decode and prefill have two axes",
                "Give lin[tokens], kvsave[tokens], decode[requests, context] and prefill[context, chunk]",
            )
        if not all(np.isfinite(table).all() and (table >= 0).all() for table in tables) or layers < 1:
            raise DataError(
                "The tables of a layer hold a time that is negative or not finite, or there are no layers",
                "Times are 0 ms or more; layers are 1 or more",
                "Measure again, or leave the rows out",
            )
        lin, kvsave, decode, prefill = tables
        tokens = np.arange(len(lin))
        rounded = np.minimum(-(-tokens // TOKEN_GRAIN) * TOKEN_GRAIN, len(lin) - 1)
        scaled = decode.copy()
        scaled[0] = 0.0
        scaled[2:] *= OVERHEAD
        return cls(
            TABLES,
            np.ascontiguousarray(lin[rounded] + kvsave),
            np.ascontiguousarray(scaled),
            np.ascontiguousarray(prefill),
            np.array([float(layers), OVERHEAD]),
        )

    @classmethod
    def load(cls, path: Path, *, layers: int) -> StepTable:
        """Return the step table of an ``.npz`` file with ``lin, kvsave, decode, prefill``.

        Parameters
        ----------
        path
            The file; times of one layer [ms].
        layers
            Layers of the model.

        Raises
        ------
        DataError
            If the file cannot be read or lacks a table.
        """
        try:
            with np.load(path) as file:
                tables = [file[name] for name in ("lin", "kvsave", "decode", "prefill")]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise DataError(
                f"The step tables {str(path)!r} cannot be read: {error}",
                "Step tables are an .npz file with lin, kvsave, decode and prefill",
                "Name another file",
            ) from error
        return cls.from_layers(*tables, layers=layers)

    @classmethod
    def from_law(
        cls, always: Sequence[float], memory: Sequence[float] = (), compute: Sequence[float] = ()
    ) -> StepTable:
        """Return a step law: always . x + max(memory . x, compute . x) [s].

        Parameters
        ----------
        always, memory, compute
            Up to seven coefficients each, for x = (1, tokens, decoding requests, sum of decode contexts,
            prompt chunks, sum of prompt contexts rounded up to 64, sum of squared chunks); missing ones
            are 0. With `always` alone the law is linear.

        Raises
        ------
        DataError
            If there are more than seven coefficients, or one is not finite.

        Examples
        --------
        >>> StepTable.from_law([0.0, 1.0], [5.0], [0.0, 2.0]).seconds(n_prefill=1, prefill_tokens=4)
        12.0
        """
        rows = np.zeros((3, len(TERMS)))
        for row, given in zip(rows, (always, memory, compute), strict=True):
            if len(given) > len(TERMS) or not all(math.isfinite(value) for value in given):
                raise DataError(
                    f"A step law has the coefficients {list(given)}",
                    f"Coefficients are finite, at most {len(TERMS)}: for {', '.join(TERMS)}",
                    "Give them in that order",
                )
            row[: len(given)] = given
        nothing = np.zeros((1, 1))
        return cls(LAW, np.zeros(1), nothing, nothing, rows.ravel())

    @classmethod
    def from_roof(
        cls,
        memory: Floats,
        compute: Floats,
        head: Floats,
        rest: Floats,
        *,
        cache: tuple[float, float] = (0.0, math.inf),
        window: tuple[float, float] = (0.0, math.inf),
        pairs: float = 0.0,
        scores: float = 0.0,
        request: float = 0.0,
        chunk: float = 0.0,
        scale: float = 1.0,
    ) -> StepTable:
        """Return a soft roof: scale x ((M^6 + C^6)^(1/6) + R) [s].

        Parameters
        ----------
        memory, compute, rest
            [s] Parts of M, C and R that depend on the tokens of the batch only; axis: tokens from 0.
        head
            [s] Part of C for each decoding request; axis: tokens of the batch.
        cache, window
            M for each token of decode context [s], and the tokens of one request that count at most; two such
            pairs, the second for layers with a window.
        pairs
            [s] C for each pair of a prompt token and a token that it attends to.
        scores
            [s] C for each token of decode context, limited as in `cache`.
        request, chunk
            [s] R for each decoding request and each chunk of a prompt.
        scale
            Factor on all.

        Raises
        ------
        DataError
            If the lists differ in length or a time is negative or not finite.

        Notes
        -----
        The soft maximum and its parts are those of `narrows.inference.law.step_seconds`.

        Examples
        --------
        >>> one = StepTable.from_roof([0.0, 3.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.5], cache=(0.01, 200))
        >>> round(one.seconds(n_decode=1, decode_kv=500), 9)
        5.5
        """
        rows = [np.asarray(row, dtype=np.float64) for row in (memory, compute, head, rest)]
        numbers = (*cache, *window, pairs, scores, request, chunk, scale)
        alike = all(row.ndim == 1 and row.shape == rows[0].shape and row.size for row in rows)
        if not alike or not all(np.isfinite(row).all() and (row >= 0).all() for row in rows):
            raise DataError(
                f"The rows of a roof have shapes {', '.join(str(row.shape) for row in rows)}",
                "They are four lists of one length, of times of 0 s or more",
                "Give memory, compute, head and rest by tokens from 0",
            )
        if not all(number >= 0 for number in numbers):
            raise DataError(
                f"The coefficients of a roof are {list(numbers)}", "Each is 0 or more", "Give others"
            )
        nothing = np.zeros((1, 1))
        return cls(
            ROOF, np.zeros(1), np.ascontiguousarray(rows), nothing, np.array(numbers, dtype=np.float64)
        )

    @classmethod
    def from_profile(
        cls, token: Floats, sequence: Floats, attention: Floats, axes: Sequence[Sequence[float]]
    ) -> StepTable:
        """Return the step table of measured kernels, with attention interpolated in four directions.

        Parameters
        ----------
        token
            [s] What depends on the tokens of the batch only; axis: tokens from 0.
        sequence
            [s] What depends on the sequences of the batch only; axis: sequences from 0.
        attention
            [s] Attention of all layers; axes: tokens of a prompt, tokens before them, decoding requests,
            context of each.
        axes
            Points of the four axes of attention, two or more each, ascending; the first three from 0.

        Raises
        ------
        DataError
            If the shapes do not fit or a time is negative or not finite.

        Notes
        -----
        Step time = token[t] + sequence[s] + A(c, b, n, k), A multilinear between the points of its axes and
        on by the nearest slope outside. Several chunks count as one chunk with as many pairs of a token and
        one that it attends to: b = sum(c_i b_i)/sum(c_i), c (2 b + c) = sum(c_i (2 b_i + c_i)). The decoding
        requests count as n of the mean context k.

        Examples
        --------
        >>> axes = ([0, 16], [0, 64], [0, 2], [16, 48])
        >>> table = StepTable.from_profile(
        ...     np.zeros(65), np.zeros(9), np.arange(16.0).reshape(2, 2, 2, 2), axes
        ... )
        >>> table.seconds(n_decode=2, decode_kv=64), table.seconds(n_decode=1, decode_kv=16)
        (2.5, 1.0)
        """
        rows = [np.asarray(row, dtype=np.float64) for row in (token, sequence, attention)]
        points = [np.asarray(axis, dtype=np.float64) for axis in axes]
        fits = (
            [row.ndim for row in rows] == [1, 1, AXES]
            and rows[2].shape == tuple(axis.size for axis in points)
            and all(axis.size > 1 and (np.diff(axis) > 0).all() for axis in points)
            and not any(axis[0] for axis in points[: AXES - 1])
        )
        if not fits or not all(row.size and np.isfinite(row).all() and (row >= 0).all() for row in rows):
            raise DataError(
                f"The arrays of a profile have shapes {', '.join(str(row.shape) for row in rows)} and axes "
                f"of {', '.join(str(axis.size) for axis in points)} points",
                "They are two lists and a table of four axes, of times of 0 s or more; axes ascend, the "
                "first three from 0",
                "Give token, sequence, attention and its axes",
            )
        across = points[2].size * points[3].size
        return cls(
            PROFILE,
            np.ascontiguousarray(rows[0]),
            np.ascontiguousarray(rows[2].reshape(-1, across)),
            np.ascontiguousarray(rows[1].reshape(1, -1)),
            np.concatenate([[float(axis.size) for axis in points], *points]),
        )

    @property
    def most_tokens(self) -> int:
        """Tokens in a batch that the table covers."""
        if self.kind == ROOF:
            return int(self.decode.shape[1]) - 1
        return len(self.token) - 1 if self.kind in {TABLES, PROFILE} else NO_LIMIT

    @property
    def most_sequences(self) -> int:
        """Decoding requests in a batch that the table covers."""
        if self.kind == PROFILE:
            return int(self.prefill.shape[1]) - 1
        return len(self.decode) - 1 if self.kind == TABLES else NO_LIMIT

    @property
    def most_context(self) -> int:
        """Tokens of one request that the table covers."""
        if self.kind != TABLES:
            return NO_LIMIT
        return GRAIN * (int(min(self.decode.shape[1], self.prefill.shape[0])) - 1)

    @property
    def most_chunk(self) -> int:
        """Prompt tokens in a batch that the table covers."""
        if self.kind == PROFILE:
            return int(self.coefficients[AXES + int(self.coefficients[0]) - 1])
        return int(self.prefill.shape[1]) - 1 if self.kind == TABLES else NO_LIMIT

    def seconds(
        self,
        *,
        n_decode: int = 0,
        decode_kv: int = 0,
        n_prefill: int = 0,
        prefill_tokens: int = 0,
        prefill_kv: int = 0,
        prefill_sum_sq: int | None = None,
        prefill_pairs: int | None = None,
    ) -> float:
        """Return the time of one step [s].

        Parameters
        ----------
        n_decode
            Decoding requests, one token each.
        decode_kv
            [token] Sum of their contexts.
        n_prefill, prefill_tokens
            Chunks of prompts, and their tokens.
        prefill_kv
            [token] Sum of the contexts before the chunks, each rounded up to 64.
        prefill_sum_sq
            [token^2] Sum of the squared chunks; that of one chunk if left out.
        prefill_pairs
            [token^2] Sum over chunks of chunk x (2 x tokens before it + chunk): twice the pairs of a token
            and one that it attends to; that of one chunk if left out.

        Examples
        --------
        >>> StepTable.from_law([1.0, 0.5]).seconds(n_decode=4, decode_kv=100)
        3.0
        """
        squares = prefill_tokens * prefill_tokens if prefill_sum_sq is None else prefill_sum_sq
        tokens = n_decode + prefill_tokens
        if self.kind == LAW:
            terms = (1.0, tokens, n_decode, decode_kv, n_prefill, prefill_kv, squares)
            always, memory, compute = (
                _dot(self.coefficients[first : first + len(TERMS)], terms)
                for first in range(0, 3 * len(TERMS), len(TERMS))
            )
            return always + max(memory, compute)
        if self.kind == ROOF:
            twice = (
                prefill_tokens * (2 * prefill_kv + prefill_tokens) if prefill_pairs is None else prefill_pairs
            )
            return self._roof(tokens, n_decode, decode_kv, n_prefill, twice)
        if self.kind == PROFILE:
            twice = (
                prefill_tokens * (2 * prefill_kv + prefill_tokens) if prefill_pairs is None else prefill_pairs
            )
            return self._profile((n_decode, decode_kv), (n_prefill, prefill_tokens), squares, twice)
        ms = float(self.token[tokens])
        if n_decode:
            ms += float(self.decode[n_decode, -(-(decode_kv // n_decode) // GRAIN)])
        if n_prefill:
            attention = float(self.prefill[prefill_kv // GRAIN, int(math.sqrt(squares) + 0.5)])
            ms += attention * float(self.coefficients[1]) if n_prefill > 1 else attention
        return float(self.coefficients[0]) * ms * 1e-3

    def _roof(self, tokens: int, n_decode: int, decode_kv: int, n_prefill: int, twice_pairs: int) -> float:
        cache, most, window, span, pairs, scores, request, chunk, scale = map(float, self.coefficients)
        memory, compute, head, rest = map(float, self.decode[:, tokens])
        read = min(float(decode_kv), n_decode * most)
        memory += cache * read + window * min(float(decode_kv), n_decode * span)
        compute += head * n_decode + pairs * (0.5 * twice_pairs) + scores * read
        rest += request * n_decode + chunk * n_prefill
        more, less = max(memory, compute), min(memory, compute)
        roof = more * (1.0 + (less / more) ** SHARPNESS) ** (1.0 / SHARPNESS) if more > 0.0 else 0.0
        return scale * (roof + rest)

    def _profile(
        self, decoding: tuple[int, int], prompts: tuple[int, int], squares: int, twice_pairs: int
    ) -> float:
        (n, context), (chunks, tokens) = decoding, prompts
        sizes = [int(size) for size in self.coefficients[:AXES]]
        axes = np.split(self.coefficients[AXES:], np.cumsum(sizes)[:-1])
        before = 0.5 * (twice_pairs - squares) / tokens if tokens else 0.0
        chunk = math.sqrt(before * before + twice_pairs) - before if tokens else 0.0
        if chunks == 1:
            chunk = float(tokens)
        mean = context / n if n else float(axes[3][0])
        asked = (chunk, before, float(n), mean)
        (i, u), (j, v), (k, w), (m, x) = (_cell(axis, at) for axis, at in zip(axes, asked, strict=True))

        def across(row: int) -> float:
            (a, b), (c, d) = (self.decode[row, at * sizes[3] + m :][:2].tolist() for at in (k, k + 1))
            return _between(_between(a, b, x), _between(c, d, x), w)

        low, high = (
            _between(across(at * sizes[1] + j), across(at * sizes[1] + j + 1), v) for at in (i, i + 1)
        )
        alone = float(self.token[n + tokens]) + float(self.prefill[0, n + chunks])
        return alone + _between(low, high, u)


def _cell(axis: Floats, at: float) -> tuple[int, float]:
    """Return the place of the point before, and how far on to the next."""
    place = min(max(int(np.searchsorted(axis, at, side="right")) - 1, 0), axis.size - 2)
    low, high = axis[place : place + 2].tolist()
    return place, (at - low) / (high - low)


def _between(low: float, high: float, share: float) -> float:
    return low + share * (high - low)


def _dot(coefficients: Floats, terms: tuple[float, ...]) -> float:
    total = 0.0
    for coefficient, term in zip(coefficients.tolist(), terms, strict=True):
        total += coefficient * term
    return total
