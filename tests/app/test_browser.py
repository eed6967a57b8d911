"""The pages in a real browser: size, keys, narrow screens, names, contrast, and a quiet console.

Rules of names, landmarks, headings and contrast are computed here; no rule engine is fetched.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import narrows
from narrows.report.pages import PAGES

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on this machine: make programs installs it"
)
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
KEYS, MOST_BYTES = 20, 30_000
RULES = """() => {
  const bad = [];
  const shown = (e) => e.checkVisibility({ visibilityProperty: true });
  const name = (e) => (e.getAttribute("aria-label") || e.textContent || "").trim();
  for (const e of document.querySelectorAll("a[href], button")) if (shown(e) && !name(e)) bad.push(["no name", e.outerHTML.slice(0, 80)]);
  for (const e of document.querySelectorAll("input:not([type=hidden])")) if (!e.labels?.length) bad.push(["no label", e.id]);
  for (const [tag, count] of [["main", 1], ["header", 1], ["footer", 1], ["nav", 1], ["h1", 1]])
    if ([...document.querySelectorAll(tag)].filter(shown).length !== count) bad.push(["landmark", tag]);
  let level = 0;
  for (const e of document.querySelectorAll("h1,h2,h3")) { if (!shown(e)) continue; const now = +e.tagName[1]; if (now > level + 1) bad.push(["heading", e.textContent]); level = now; }
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  if (new Set(ids).size !== ids.length) bad.push(["twice", ids.join(" ")]);
  for (const e of document.querySelectorAll("svg")) if (!e.getAttribute("aria-label")) bad.push(["svg", ""]);
  for (const e of document.querySelectorAll("a[aria-label]")) {
    const words = [...e.querySelectorAll("text")].map((t) => t.textContent.trim()).join(" ");
    if (!e.getAttribute("aria-label").startsWith(words)) bad.push(["label in name", words]);
  }
  const parse = (c) => { const m = c.match(/[\\d.]+/g).map(Number); return c.startsWith("color(") ? m.map((v) => v * 255) : m; };
  const lum = ([r, g, b]) => { const f = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
  const solid = (c) => c.length < 4 || c[3] === 1;
  for (const e of document.querySelectorAll("main *, header *, footer *")) {
    if (e.closest("svg") || !shown(e) || ![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
    let back = e;
    while (back && (!solid(parse(getComputedStyle(back).backgroundColor)))) back = back.parentElement;
    const ground = back ? parse(getComputedStyle(back).backgroundColor) : [255, 255, 255];
    const [low, high] = [lum(parse(getComputedStyle(e).color)), lum(ground)].sort((a, b) => a - b);
    if ((high + 0.05) / (low + 0.05) < 4.5) bad.push(["contrast", e.outerHTML.slice(0, 80)]);
  }
  return bad;
}"""


@pytest.fixture(scope="module")
def address():
    root = Path(narrows.__file__).parents[1]
    command = [sys.executable, "-m", "narrows", "serve", "--port", "0", "--draws", "1000"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=root) as server:
        line = server.stderr.readline()
        assert line.startswith("narrows: http://127.0.0.1:"), line
        yield line.split()[1].rstrip("/")
        started = time.monotonic()
        server.terminate()
        server.wait(10)
        assert time.monotonic() - started < 4  # the server drains in 2 s


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def tab(browser):
    """One tab that most pages are opened in: a tab of its own takes longer than a page."""
    found = browser.new_page()
    yield found
    found.close()


@pytest.fixture
def opened(tab, address):
    """Return a function that opens a page in a tab; afterwards the console must have stayed quiet."""
    heard, said = [], []

    def complain(message):
        if message.type in {"error", "warning"}:
            said.append(message.text)

    def leave(request):
        if not request.url.startswith((address, "data:")):
            said.append(request.url)

    def fail(error):
        said.append(str(error))

    def open_(path, width=1200, scheme="light", page=tab):
        for event, hear in (("console", complain), ("pageerror", fail), ("request", leave)):
            page.on(event, hear)
            heard.append((page, event, hear))
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.goto(address + path)
        return page

    yield open_
    for page, event, hear in heard:
        page.remove_listener(event, hear)
    tab.unroute_all()
    tab.goto("about:blank")
    assert said == []


def until(page, script, *, wanted=True, seconds=20.0):
    """Wait without `eval`, which the policy of the pages refuses to the test too."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if page.evaluate(script) == wanted:
            return
        time.sleep(0.01)
    pytest.fail(f"never: {script} == {wanted}")


def test_the_first_page_is_small(opened, browser):
    page = opened("/", page=browser.new_page())  # nothing of it kept from another page
    sizes = page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".map((e) => [e.name, e.transferSize])"
    )
    page.close()
    assert len(sizes) == 3, sizes
    assert sum(size for _, size in sizes) <= MOST_BYTES


def test_each_move_of_a_slider_repaints_the_map(opened):
    page = opened("/")
    page.locator("#s1").focus()
    maps = [page.inner_text("#heat tbody")]
    for place in range(KEYS):
        page.keyboard.press("ArrowRight" if place < KEYS // 2 else "ArrowLeft")
        until(page, "window.narrowsPaints.length", wanted=place + 1)
        maps.append(page.inner_text("#heat tbody"))
        assert ("v=" in page.url and "m=" in page.url) == (place < KEYS - 1)
    assert len(set(maps)) > KEYS // 4
    assert maps == maps[::-1]


def test_the_permalink_shows_the_same_and_an_older_request_does_not_win(opened):
    page = opened("/")
    page.locator("#s1").focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")  # faster than answers: older ones are aborted
    until(
        page,
        "window.narrowsPaints.length > 0 && new URLSearchParams(location.search).values().next().value",
        wanted="1.4",
    )
    page.wait_for_load_state("networkidle")
    lead, heat = page.inner_text("#lead"), page.inner_text("#heat tbody")
    again = opened(page.evaluate("location.pathname + location.search"))
    assert again.inner_text("#lead") == lead
    assert again.inner_text("#heat tbody") == heat
    assert again.locator("#s1").input_value() == "1.4"


def test_a_whole_task_by_keyboard(opened):
    page = opened("/facts")
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("]")
    until(page, "document.querySelector('#heading').textContent.startsWith('In 2026Q4')", wanted=False)
    page.locator("#heat tbody a").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    number = page.evaluate("document.activeElement.pathname")
    page.keyboard.press("Enter")
    until(page, "!document.querySelector('#drawer').hidden")
    assert number.removeprefix("/n/") in page.inner_text("#drawer h2 >> nth=0").replace("\n", "")
    assert page.evaluate("document.activeElement.id") == "close"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.pathname") == number
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("cowos utilisation")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?**")
    assert page.locator("a[href='/fact/cowos.utilisation']").count() > 0


@pytest.mark.parametrize("page_", [page for page in PAGES if page.key], ids=lambda page: page.path)
def test_g_and_a_letter_lead_to_a_page(opened, page_):
    page = opened("/docs/trust")
    assert page.locator(f"a[data-key='{page_.key}']").count() == 1
    there = re.compile(rf"^[^/]+//[^/]+{re.escape(page_.path)}$")
    page.route(there, lambda route: route.fulfill(content_type="text/html", body="<title>there</title>"))
    page.keyboard.press("g")
    page.keyboard.press(page_.key)
    page.wait_for_url(there)
    assert page.title() == "there"


def test_the_help_names_every_key_and_gives_the_focus_back(opened):
    page = opened("/days")
    link = page.locator("main a").first
    link.focus()
    before = page.evaluate("document.activeElement.href")
    page.keyboard.press("?")
    told = page.inner_text("#keys")
    assert all(f"g {one.key}" in told for one in PAGES if one.key)
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()
    assert page.evaluate("document.activeElement.href") == before


def test_a_dot_opens_the_number_in_focus_and_brackets_go_back_and_forth(opened):
    page = opened("/?q=2027Q1")
    page.keyboard.press("[")
    until(page, "document.querySelector('#heading').textContent.startsWith('In 2026Q4')")
    page.keyboard.press("]")
    until(page, "document.querySelector('#heading').textContent.startsWith('In 2027Q1')")
    page.locator("main a.num").first.focus()
    number = page.evaluate("document.activeElement.pathname")
    page.keyboard.press(".")
    until(page, "!document.querySelector('#drawer').hidden")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.pathname") == number


def test_letters_typed_into_a_field_are_letters(opened):
    page = opened("/facts")
    page.keyboard.press("/")
    page.keyboard.type("gm?.[")
    assert page.evaluate("document.activeElement.value") == "gm?.["
    assert page.evaluate("location.pathname") == "/facts"
    assert not page.locator("#keys").is_visible()


def test_a_number_of_a_day_leads_to_its_fact_and_source_and_back_by_keyboard(opened):
    page = opened("/day/4")
    page.locator("main a.num[href^='/n/']").first.focus()
    number = page.evaluate("document.activeElement.pathname")
    page.keyboard.press("Enter")
    until(page, "!document.querySelector('#drawer').hidden")
    assert number.removeprefix("/n/") in page.inner_text("#drawer h2 >> nth=0").replace("\n", "")
    for kind, place in (("fact", "#drawer"), ("source", "main")):
        link = page.locator(f"{place} a[href^='/{kind}/']").first
        folded = page.locator(f"{place} details:not([open]):has(a[href^='/{kind}/']) > summary")
        while not link.is_visible():
            folded.first.focus()
            page.keyboard.press("Enter")
        link.focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{kind}/**")
    page.go_back()  # keys of the browser itself do not reach a page without a window
    page.wait_for_url("**/fact/**")
    page.go_back()
    page.wait_for_url("**/day/4")


@pytest.mark.parametrize(
    "path",
    [
        "/", "/n/map.deployed.2026Q4", "/facts", "/validation", "/compare?b=cowos.capacity%3D1.2",
        "/day/4", "/day/9", "/layer/cowos", "/shock/hormuz", "/companies", "/market/2026-05-08",
    ],
)  # fmt: skip
def test_a_narrow_screen_does_not_scroll_sideways(opened, path):
    page = opened(path, width=320)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        "/", "/n/map.deployed.2026Q4", "/fact/cowos.utilisation", "/api", "/search?query=zzzz",
        "/days", "/day/7", "/day/9", "/layer/cowos", "/shock/hormuz", "/company/tsmc",
    ],
)  # fmt: skip
def test_names_landmarks_headings_contrast(opened, path, scheme):
    page = opened(path, scheme=scheme)
    assert page.evaluate(RULES) == []


def test_without_script_the_form_asks(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + "/")
    page.locator("#s1").fill("1.5")
    page.locator("button.ask").click()
    page.wait_for_url("**=1.5**")
    assert "As the facts stand" in page.inner_text("#lead")
    context.close()
