"""Kill writers with SIGKILL at random moments, and check what readers then find.

    python tools/kill.py [--times 1000] [--seed 1] [--commands 0]

An output file, a file of the cache's size, a store of closes and a site of the study are written by
forked children, killed at a moment between their start and a little after their usual end. After
each kill the target is wholly one of the versions that were ever written, and a store holds all
that was acknowledged. After the next writer nothing lies beside it. Pages are made once, before the
children: what is killed is the writing. With --commands the whole command is killed as well.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from narrows.cli.output import write
from narrows.errors import NarrowsError
from narrows.market.intake import ingest
from narrows.market.sessions import sessions
from narrows.market.store import Store
from narrows.report.pages import Study, answer, build, files
from narrows.report.pages.answers import FILES
from narrows.report.pages.registry import PAGES
from narrows.whole import sweep, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from narrows.report.pages.answers import Answer

    Work = Callable[[], object]

DRAWS = 64
LINKED = 60
"""Pages of the site that is killed: enough for the loop over pages, few enough for a thousand of them."""
BEYOND = 1.15
"""Kills fall up to this part of the usual time."""


def digest(target: Path) -> str:
    """Return what stands in a file or a folder, in one word; empty where nothing does."""
    if not target.exists():
        return ""
    sums = hashlib.blake2b(digest_size=12)
    for path in sorted(target.rglob("*")) if target.is_dir() else [target]:
        sums.update(path.relative_to(target.parent).as_posix().encode() + b"\0")
        if path.is_file():
            sums.update(path.read_bytes() + b"\0")
    return sums.hexdigest()


def child(work: Work) -> int:
    """Run some work in a forked process and return its number."""
    number = os.fork()
    if number == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 (a child never returns into the code of its parent)
            os._exit(1)
        os._exit(0)
    return number


def beside(target: Path) -> int:
    """Return how much lies beside a target."""
    return sum(path != target for path in target.parent.iterdir())


def trial(name: str, target: Path, ways: Sequence[Work], times: int, dice: random.Random) -> bool:
    """Kill writers of one target and print what was found; return whether all is well."""
    allowed, spans = set(), []
    for way in (*ways, *ways):
        began = time.perf_counter()
        os.waitpid(child(way), 0)
        spans.append(time.perf_counter() - began)
        allowed.add(digest(target))
    span = sorted(spans)[len(spans) // 2]
    torn = killed = strays = 0
    swept = 0.0
    for turn in range(times):
        number = child(ways[turn % len(ways)])
        time.sleep(dice.uniform(0, BEYOND * span))
        os.kill(number, signal.SIGKILL)
        killed += os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) != 0
        torn += digest(target) not in allowed
        strays += beside(target) > 0
        if turn % 2:  # half of the strays are left to the next writer
            began = time.perf_counter()
            sweep(target)
            swept = max(swept, time.perf_counter() - began)
    os.waitpid(child(ways[0]), 0)
    left = beside(target)
    print(
        f"{name}: {times} kills, {killed} before the end; {torn} torn or missing; strays after {strays}, "
        f"swept in {swept:.3f} s at most, {left} left after the last writer; a writer takes {span:.2f} s",
        flush=True,
    )
    return not torn and not left and len(allowed) == len(ways)


def site_writer(target: Path, seed: int) -> Work:
    """Return a writer of a site that is cut short."""
    study = Study(draws=DRAWS, seed=seed, static=True)
    kept: dict[str, Answer] = {}
    pages = tuple(page for page in PAGES if page.path != "/claims")
    for path in [page.path for page in pages if page.written and "{" not in page.path] + list(FILES):
        kept[path] = answer(study, "/map.svg" if path == "/map.png" else path, "")
    links = [f"/n/{place}" for place in range(LINKED)]
    kept |= dict.fromkeys((*links, "/embed/map"), kept["/"])

    def work() -> None:
        vars(files).update(answer=lambda *at: kept[at[1]], _links=lambda _: links, PAGES=pages)
        build(study, target)

    return work


def closes(home: Path, times: int, dice: random.Random) -> bool:
    """Kill ingests into a store: what was acknowledged is there, every file whole, nothing left over."""
    sources, store = [home / name for name in ("one", "other")], home / "store"
    days = sessions(date(2024, 1, 1), date(2025, 12, 31))
    for place, source in enumerate(sources):
        source.mkdir()
        rows = [f"T{ticker},{day},{10 + ticker + place}" for day in days for ticker in range(20)]
        (source / "closes.csv").write_text("\n".join(["ticker,date,close", *rows]), encoding="utf-8")
    spans, torn, lost, killed = [], 0, 0, 0
    for turn in range(-4, times):
        before = Store(store).vintage.number if turn > -4 else 0
        reading, writing = os.pipe()

        def work(source: Path = sources[turn % 2], said: int = writing) -> None:
            os.write(said, f"{ingest(source, store).vintage}".encode())

        began, number = time.perf_counter(), child(work)
        os.close(writing)
        if turn < 0:
            os.waitpid(number, 0)
            spans.append(time.perf_counter() - began)
        else:
            time.sleep(dice.uniform(0, BEYOND * sorted(spans)[1]))
            os.kill(number, signal.SIGKILL)
            killed += os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) != 0
        acknowledged = int(os.read(reading, 20) or before)
        os.close(reading)
        try:
            found = Store(store)
            found.check()
            lost += found.vintage.number < acknowledged
        except NarrowsError:
            torn += 1
    os.waitpid(child(lambda: ingest(sources[0], store)), 0)
    began = time.perf_counter()
    with Store(store).writing():
        pass
    swept, left = time.perf_counter() - began, len([*store.rglob(".part.*"), *store.rglob(".current.*")])
    print(
        f"store of closes: {times} kills, {killed} before the end; {torn} torn or missing, {lost} "
        f"acknowledged and lost; swept in {swept:.3f} s, {left} left after the last writer; "
        f"a writer takes {sorted(spans)[1]:.2f} s",
        flush=True,
    )
    return not (torn or lost or left)


def commands(target: Path, times: int, dice: random.Random) -> bool:
    """Kill the whole command at random moments; return whether a reader always finds a site that is whole."""
    asked = [sys.executable, "-m", "narrows", "study", "build", str(target), "--draws", str(DRAWS), "--quiet"]
    began = time.perf_counter()
    subprocess.run(asked, check=True)  # noqa: S603 (our own command)
    span, whole, torn = time.perf_counter() - began, digest(target), 0
    for _ in range(times):
        with subprocess.Popen(asked) as started:  # noqa: S603 (our own command)
            time.sleep(dice.uniform(0, BEYOND * span))
            started.kill()
        torn += digest(target) != whole
    sweep(target)
    left = beside(target)
    print(f"command: {times} kills; {torn} torn or missing; {left} left; it takes {span:.1f} s", flush=True)
    return not torn and not left


def main() -> int:
    """Run the trials."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--times", type=int, default=1000, help="kills of each writer (1000)")
    parser.add_argument("--commands", type=int, default=0, help="kills of `narrows study build` (0)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the moments (1)")
    asked = parser.parse_args()
    dice, well = random.Random(asked.seed), []  # noqa: S311 (moments of kills)
    with tempfile.TemporaryDirectory() as home:
        places = [Path(home, name, "target") for name in ("output", "cache", "site", "command")]
        for place in places:
            place.parent.mkdir()
        Path(home, "closes").mkdir()
        output, cache, site, command = places

        def printed(text: str) -> Work:
            return lambda: write(output, text)

        def stored(body: bytes) -> Work:
            return lambda: write_file(cache, body)

        ways = [printed(letter * 400_000) for letter in "ab"]
        well.append(trial("output file", output, ways, asked.times, dice))
        ways = [stored(letter * 2_000_000) for letter in (b"a", b"b")]
        well.append(trial("cache file", cache, ways, asked.times, dice))
        well.append(closes(Path(home, "closes"), asked.times, dice))
        ways = [site_writer(site, seed) for seed in (1, 2)]
        well.append(trial("site", site, ways, asked.times, dice))
        if asked.commands:
            well.append(commands(command, asked.commands, dice))
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
