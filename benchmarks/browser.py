"""The pages in Chromium: first paint, and from a slider to the repaint of the map."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from typing import Any

from benchmarks import Row, benchmark
from narrows.errors import DataError

KEYS, VISITS = 40, 10
"""Keys pressed, which return the slider to where it stood; first pages opened."""
PATIENCE_S = 20.0
P95 = 0.95
REPAINT_MS, FIRST_PAINT_MS = 100.0, 400.0
ARGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def _tail(times: list[float]) -> float:
    return sorted(times)[int(P95 * len(times))]


def _first_paint(browser: Any, address: str) -> float:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.goto(address)
    page.wait_for_load_state("networkidle")
    found = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    page.close()
    return float(found)


def _repaints(browser: Any, address: str) -> list[float]:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.locator("#s1").focus()
    for place in range(KEYS):
        page.keyboard.press("ArrowRight" if place % 20 < 10 else "ArrowLeft")
        end = time.monotonic() + PATIENCE_S
        while page.evaluate("window.narrowsPaints.length") <= place:
            if time.monotonic() > end:
                raise DataError(
                    f"Key {place + 1} was not answered in {PATIENCE_S:g} s",
                    "Each key repaints the map",
                    "Run `narrows serve` and look at what it says",
                )
            time.sleep(0.005)
    times: list[float] = page.evaluate("window.narrowsPaints")
    page.close()
    return times


@benchmark("browser")
def browser() -> list[Row]:
    """Open the first page and move a slider, in a browser and a server of its own."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("browser: left out, no chromium on this machine", file=sys.stderr)
        return []
    from playwright.sync_api import sync_playwright

    command = [sys.executable, "-m", "narrows", "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server, sync_playwright() as play:
        try:
            address = server.stderr.readline().split()[1].rstrip("/") + "/"  # type: ignore[union-attr]
            opened = play.chromium.launch(executable_path=chromium, args=ARGS)
            first = sorted(_first_paint(opened, address) for _ in range(VISITS))
            repaint = _tail(_repaints(opened, address))
            opened.close()
        finally:
            server.terminate()
    median = first[len(first) // 2]
    return [
        Row(
            "first paint, median",
            median,
            None,
            "ms",
            None,
            f"<= {FIRST_PAINT_MS:g}",
            median <= FIRST_PAINT_MS,
        ),
        Row("slider to repaint, p95", repaint, None, "ms", None, f"<= {REPAINT_MS:g}", repaint <= REPAINT_MS),
    ]
