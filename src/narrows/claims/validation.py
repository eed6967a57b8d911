"""The checker against published numbers, a recap with known verdicts, and falsified sentences."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from narrows.claims.checking import check
from narrows.claims.claim import Change, Claim, Count, Level, Multiple, Stated
from narrows.claims.extraction import extract
from narrows.claims.mutations import cases
from narrows.claims.phrases import day_text, ordinal, phrase, phrasings
from narrows.claims.verification import Desk, verify
from narrows.errors import NarrowsError
from narrows.figure import Comparison, compared
from narrows.market.library import Library
from narrows.market.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from narrows.claims.verdict import Verdict

__all__ = ["claims_rows", "published_verdicts", "recap_verdicts", "superlative_verdicts"]

ROOM = "claims"
PUBLISHED, SUPERLATIVES = "published_index_claims.jsonl", "published_superlatives.jsonl"
RECAP, ANSWERS, MUTATE = "recap1_restated.md", "_claims.jsonl", "tools/mutate.py"
ERRORS = {
    ("2020-05-08", "week_pct"),
    ("2020-10-23", "week_pct"),
    ("2022-05-27", "week_pct"),
    ("2023-12-22", "ytd_pct"),
}
"""S&P numbers that their publishers got wrong."""
CASES = 5000
REJECTED, ALARMS = 0.99, 0.01
FOUND = 0.95
RIGHT = 0.95
"""Share of the answers to a test text that must be given."""
MONDAY = "WRONG_BASE(monday)"
WORDS = [5.0, 10.0, 10.0, 3.0, 10.0, 2.0]
"""Numbers that the test text writes in words: fifth, double-digit (of two), three times, ten, two."""


def claims_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of the checker.

    Parameters
    ----------
    folder
        Folder of market data; None where there is none.
    """
    if folder is None or not (folder / PUBLISHED).is_file():
        for dataset in (PUBLISHED, SUPERLATIVES, RECAP, MUTATE):
            yield Comparison(ROOM, dataset, "verdicts", "not run: data absent", None, "", None, 0, None)
        return
    library = Library(folder)
    yield from compared(ROOM, PUBLISHED, partial(_published_rows, folder, library))
    yield from compared(ROOM, SUPERLATIVES, partial(_superlative_rows, folder, library))
    for text in sorted(folder.glob("recap*_restated.md")):
        yield from compared(ROOM, text.name, partial(_recap_rows, text, library))
    yield from compared(ROOM, MUTATE, partial(_mutation_rows, folder, library))


def _row(  # noqa: PLR0917
    dataset: str, quantity: str, metric: str, value: float, goal: str, n: int, *, holds: bool
) -> Comparison:
    return Comparison(ROOM, dataset, quantity, metric, value, goal, None, n, holds)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


# ---------------------------------------------------------------- published numbers


def published_verdicts(folder: Path, library: Library, symbol: str = "SPX") -> list[tuple[str, str, Verdict]]:
    """Return day, quantity and verdict of every published number of an index, put in words and read back.

    Parameters
    ----------
    folder
        Of market data.
    library
        Of its closes.
    symbol
        Of the index.
    """
    found = []
    for row in _lines(folder / PUBLISHED):
        if row["index"] != symbol:
            continue
        for at, (name, claim) in enumerate(_row_claims(row)):
            history = library.history(symbol)
            if history is None or claim.window.end is None or history.at(claim.window.end) is None:
                continue
            text = phrase(claim, at % phrasings(claim))
            verdicts = [one.verdict for one in check(text, None, library).checked]
            found.append((row["date"], name, verdicts[0]))
    return found


def _row_claims(row: dict[str, Any]) -> Iterator[tuple[str, Claim]]:
    day = date.fromisoformat(row["date"])
    for name in ("close", "day_points", "day_pct", "week_points", "week_pct", "ytd_points", "ytd_pct"):
        if name not in row:
            continue
        value = row[name]
        places = len(str(value).partition(".")[2]) if isinstance(value, float) else 0
        if name == "close":
            places = 2
            yield (
                name,
                Level(entity=row["index"], window=Window("day", day), stated=Stated(value, "", places)),
            )
            continue
        kind, unit = name.split("_")
        places = 2 if unit == "points" else places
        stated = Stated(value, {"pct": "%"}.get(unit, unit), places)
        yield (
            name,
            Change(
                entity=row["index"],
                window=Window(kind, day),
                stated=stated,
                direction=1 if value >= 0 else -1,
            ),
        )


def _published_rows(folder: Path, library: Library) -> Iterator[Comparison]:
    found = published_verdicts(folder, library)
    wrong = {(day, name) for day, name, verdict in found if verdict.holds is not True}
    right = sum(verdict.holds is True for _, _, verdict in found)
    known = {(day, name) for day, name, _ in found} & ERRORS
    yield _row(
        PUBLISHED,
        "S&P 500 numbers confirmed at printed precision",
        "count",
        right,
        f"{len(found) - len(known)}",
        len(found),
        holds=right == len(found) - len(known),
    )
    flagged = len(wrong & known)
    yield _row(
        PUBLISHED,
        "publishers' errors flagged, and no other number",
        "count",
        flagged,
        f"{len(known)}",
        len(wrong),
        holds=wrong == known,
    )
    nasdaq = published_verdicts(folder, library, "IXIC")
    good = sum(verdict.holds is True for _, _, verdict in nasdaq)
    yield _row(
        PUBLISHED,
        "Nasdaq numbers confirmed",
        "count",
        good,
        f"{len(nasdaq)}",
        len(nasdaq),
        holds=good == len(nasdaq),
    )


# ---------------------------------------------------------------- superlatives

_NAMES = {
    "SPX": "The S&P 500",
    "IXIC": "The Nasdaq",
    "SOX": "The PHLX Semiconductor index",
    "INTC": "Intel",
    "AAPL": "Apple",
}


KINDS = {
    "weekly_up_streak",
    "weekly_down_streak",
    "daily_up_streak",
    "weekly_gain_best_since",
    "best_week_since",
    "distance_to_record",
    "record_close_prev",
    "weeks_without_1pct_move",
    "weekly_up_streak_snapped",
    "all_time_closing_high",
    "week_pct",
    "record_close",
    "month_pct",
    "quarter_pct",
}
"""Kinds of superlatives that `_sentences` puts in words."""


def _month(text: str) -> str:
    return f"{date.fromisoformat(text + '-01'):%B %Y}"


def _sentences(row: dict[str, Any]) -> str:
    """Return a published superlative as sentences."""
    name, kind, value = _NAMES[row["series"]], row["kind"], row["value"]
    day = day_text(date.fromisoformat(row["date"]))
    since = " ".join(
        row.get("text", "").partition("longest")[2].replace("winning streak", "").split()
    ).removeprefix("since ")
    run = "daily" if kind.startswith("daily") else "weekly"
    if kind in {"weekly_up_streak", "weekly_down_streak", "daily_up_streak"}:
        unit = "day" if run == "daily" else "week"
        when = f"on {day}" if run == "daily" else f"in the week ended {day}"
        if value is None:  # the text says: 18th on 2026-04-24
            return f"{name} rose for an 18th straight day on April 24, 2026."
        said = (
            f"{name} {'fell' if 'down' in kind else 'rose'} for the {ordinal(value)} straight {unit} {when}."
        )
        known = since and "in index history" not in since and "stretch" not in since
        return said + (f" It was the longest {run} winning streak since {since}." if known else "")
    return {
        "weekly_gain_best_since": lambda: (
            f"In the week ended {day} {name} posted its best weekly gain since {_month(value)}."
        ),
        "best_week_since": lambda: f"{name} had its best week since {_month(value)} in the week ended {day}.",
        "distance_to_record": lambda: f"On {day} {name} was within {value}% of its all-time high.",
        "record_close_prev": lambda: (
            f"{name} set a record close on {day}. {name} closed at {value:,.2f} on {day}."
        ),
        "weeks_without_1pct_move": lambda: (
            f"{name} failed to move by 1% up or down for {value} straight weeks to {day}."
        ),
        "weekly_up_streak_snapped": lambda: (
            f"{name} snapped a {value}-week winning streak in the week ended {day}."
        ),
        "all_time_closing_high": lambda: f"{name} closed at ${value:,.2f} on {day}.",
        "week_pct": lambda: f"{name} gained {value}% in the week ended {day}.",
        "record_close": lambda: (
            f"{name} closed at a record on {day}. {name} closed at {value:,.2f} on {day}."
        ),
        "month_pct": lambda: f"{name} gained {value}% in June 2025.",
        "quarter_pct": lambda: f"{name} fell {abs(value)}% in the first quarter of 2025.",
    }[kind]()


def superlative_verdicts(folder: Path, library: Library) -> list[tuple[str, list[Verdict]]]:
    """Return each published superlative of a kind and a series known in words, with its verdicts."""
    rows = [row for row in _lines(folder / SUPERLATIVES) if row["series"] in _NAMES]
    texts = [_sentences(row) for row in rows if row["kind"] in KINDS]
    return [(text, [one.verdict for one in check(text, None, library).checked]) for text in texts]


def _superlative_rows(folder: Path, library: Library) -> Iterator[Comparison]:
    found = superlative_verdicts(folder, library)
    right = sum(all(one.holds for one in verdicts) for _, verdicts in found)
    told = sum(
        bool(verdicts) and all(one.verdict == "UNVERIFIABLE" for one in verdicts) for _, verdicts in found
    )
    yield _row(SUPERLATIVES, "superlatives confirmed", "count", right, "22", len(found), holds=right == 22)  # noqa: PLR2004 - of the data's README
    yield _row(
        SUPERLATIVES,
        "superlatives without a series, told so",
        "count",
        told,
        "2",
        len(found),
        holds=told == 2,  # noqa: PLR2004
    )


# ---------------------------------------------------------------- the recap

_METRICS = {
    "week_pct": "change.week", "weekly_up_streak": "streak", "record_close": "record", "change_past_month_pct": "change.past",  # noqa: E501
    "day_pct": "change.day", "ytd_pct": "change.ytd", "week_pct_at_least": "change.week", "level_usd": "level",  # noqa: E501
    "count_up": "count", "count_above_1.5pct": "count", "only_one_down": "only", "aggregate_beat_pct": "other", "growth_pct": "other",  # noqa: E501
    "fall_pct": "change.week", "21 against 7.3 is almost three times": "multiple", "table_of_11": "change.week",  # noqa: E501
}  # fmt: skip
_SERIES = {"BRENT": "BRENT_FUT", "sectors": "sectors", "Spirit Airlines": "SAVE", "earnings": "SPX"}


def recap_verdicts(text: Path, library: Library) -> list[tuple[str, str, str]]:
    """Return id, expected and found verdict of every answer to a test text, which stands beside it."""
    from narrows.claims.claim import type_of

    report = check(text.read_bytes(), None, library)
    found = []
    for row in _lines(text.with_name(text.name.split("_")[0] + ANSWERS)):
        kind, symbol = _METRICS.get(row["metric"], ""), _SERIES.get(row["series"], row["series"])
        verdicts = [
            one.verdict
            for one in report.checked
            if kind in {"", type_of(one.claim)}
            and (
                kind in {"multiple", "only", "count"}
                or one.claim.entity == symbol
                or (row["metric"] == "table_of_11" and one.claim.entity.startswith("sector."))
            )
            and (
                not isinstance(row["stated"], (int, float))
                or kind == "multiple"
                or (one.claim.stated is not None and abs(one.claim.stated.value) == row["stated"])
            )
        ]
        names = sorted({verdict.name for verdict in verdicts})
        found.append(
            (
                row["id"],
                row["verdict"],
                names[0].partition(" of ")[0]
                if len({name.partition(":")[0] for name in names}) == 1
                else "; ".join(names),
            )
        )
    return found


def _same(expected: str, found: str) -> bool:
    """Whether two verdicts are of one class and name the same: base, window, arithmetic, own table."""
    left, right = expected.partition("("), found.partition("(")
    key = left[2].rstrip(")").split(";")[0].split(":")[0].split()
    loose = left[0] in {"UNVERIFIABLE", "INSTRUMENT"} or not key
    return left[0] == right[0] and (loose or key[0] in right[2])


def _recap_rows(recap: Path, library: Library) -> Iterator[Comparison]:
    verdicts = recap_verdicts(recap, library)
    right = sum(_same(expected, found) for _, expected, found in verdicts)
    least = math.ceil(RIGHT * len(verdicts))
    yield _row(
        recap.name,
        "verdicts as answered",
        "count",
        right,
        f"at least {least} of {len(verdicts)}",
        len(verdicts),
        holds=right >= least,
    )
    mondays = [found for _, expected, found in verdicts if expected == MONDAY]
    monday = sum(found == MONDAY for found in mondays)
    n = len(mondays)
    yield _row(recap.name, "Monday base named", "count", monday, f"{n}", n, holds=monday == n)
    text = recap.read_text(encoding="utf-8")
    found = [one.stated.value for one in extract(text) if one.stated is not None]
    found += [side for one in extract(text) if isinstance(one, Multiple) for side in (one.left, one.right)]
    found += [one.beyond for one in extract(text) if isinstance(one, Count)]
    wanted = [float(number) for number in re.findall(r"[$]?(\d+(?:\.\d+)?)(?:%| a barrel)", text)]
    wanted += WORDS if recap.name == RECAP else []
    missing = Counter(wanted) - Counter(abs(value) for value in found)
    share = 1 - missing.total() / len(wanted)
    yield _row(
        recap.name,
        "printed numbers found",
        "share",
        share,
        "at least 0.95",
        len(wanted),
        holds=share >= FOUND,
    )


# ---------------------------------------------------------------- falsified sentences


def _judged(sentences: Iterable[tuple[str, bool]], library: Library) -> tuple[int, int, int]:
    """Return how many true sentences were not confirmed, how many false ones not rejected, and the pairs."""
    count: Counter[str] = Counter()
    for text, label in sentences:
        try:
            claims = extract(text)
        except NarrowsError:
            claims = []
        desk = Desk(library, claims)
        verdicts = [verify(claim, desk) for claim in claims]
        if label:
            count["true"] += 1
            count["alarm"] += not (verdicts and all(one.holds for one in verdicts))
        else:
            count["missed"] += not any(one.holds is False for one in verdicts)
    return count["alarm"], count["missed"], count["true"]


def _mutation_rows(folder: Path, library: Library) -> Iterator[Comparison]:
    own = [(case.text, case.label) for case in cases(library, CASES, seed=1)]
    yield from _rates("claims.mutations", "own sentences", _judged(own, library))
    script = folder / MUTATE
    if not script.is_file():
        yield Comparison(ROOM, MUTATE, "sentences", "not run: data absent", None, "", None, 0, None)
        return
    made = subprocess.run(  # noqa: S603 - the tool of the data, by its own path
        [sys.executable, str(script), "--seed", "1"], capture_output=True, text=True, check=True
    )
    told = [json.loads(line) for line in made.stdout.splitlines()]
    yield from _rates(
        MUTATE, "sentences of the tool", _judged(((row["text"], row["label"]) for row in told), library)
    )


def _rates(dataset: str, what: str, judged: tuple[int, int, int]) -> Iterator[Comparison]:
    alarm, missed, pairs = judged
    rejected = 1 - missed / pairs
    yield _row(
        dataset,
        f"{what}: falsified rejected",
        "share",
        rejected,
        f"at least {REJECTED:g}",
        pairs,
        holds=rejected >= REJECTED,
    )
    yield _row(
        dataset,
        f"{what}: true ones not confirmed",
        "share",
        alarm / pairs,
        f"at most {ALARMS:g}",
        pairs,
        holds=alarm / pairs <= ALARMS,
    )
