// The page works without this file. With it: sliders answer at once, numbers open beside the page, keys.
const el = (id) => document.getElementById(id);
const form = el("asked");
const still = document.body.dataset.static === "1";
document.documentElement.classList.add("js");
window.narrowsPaints = [];

// What if: one request at a time, the older one aborted; the server writes, the page swaps.
let inflight;
let settle;

function query() {
  const kept = [...new FormData(form)].filter(([name, value]) => (name === "q" ? value !== form.dataset.first : Number(value) !== 1));
  kept.sort(([a], [b]) => (a === "q") - (b === "q") || (a < b ? -1 : 1));
  return kept.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
}

function say() {
  for (const input of form.querySelectorAll("input[type=range]")) {
    const told = form.querySelector(`output[for=${input.id}]`);
    if (input.id === "sq") {
      const quarter = input.dataset.quarters.split(" ")[input.value];
      el("q").value = quarter;
      input.setAttribute("aria-valuetext", quarter);
      told.value = quarter;
    } else {
      told.value = `× ${Number(input.value)}`;
    }
  }
}

function put(id, html) {
  const old = el(id);
  if (!old) return;
  const open = old.querySelector("details")?.open;
  const left = old.querySelector(".scroll")?.scrollLeft;
  if (old.tagName === "SECTION") {
    const made = document.createElement("template");
    made.innerHTML = html;
    const fresh = made.content.firstElementChild;
    old.replaceWith(fresh);
    if (open) fresh.querySelector("details").open = true;
    if (left) fresh.querySelector(".scroll").scrollLeft = left;
    rove(fresh);
  } else {
    old.innerHTML = html;
  }
}

// The table keeps its cells: only shade, number and link change.
function shade(cells, scenario) {
  document.querySelectorAll("#heat tbody td").forEach((cell, place) => {
    const [classes, text] = cells[place];
    const number = cell.firstChild;
    if (cell.className !== classes) cell.className = classes;
    if (number.textContent !== text) number.textContent = text;
    number.href = number.pathname + (scenario ? `?${scenario}` : "");
  });
}

async function update(started) {
  say();
  inflight?.abort();
  inflight = new AbortController();
  const asked = query();
  try {
    const reply = await fetch(`/live?${asked}`, { signal: inflight.signal });
    if (!reply.ok) return;
    const answer = await reply.json();
    for (const [id, html] of Object.entries(answer.regions)) put(id, html);
    shade(answer.cells, answer.scenario);
    document.title = `${answer.title} · narrows`;
    history.replaceState(null, "", answer.query ? `/?${answer.query}` : "/");
    requestAnimationFrame(() => setTimeout(() => window.narrowsPaints.push(performance.now() - started)));
    clearTimeout(settle);
    settle = setTimeout(() => rest(asked), 250);
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

// What needs more answers than one follows when the hand rests.
async function rest(asked) {
  const reply = await fetch(`/?${asked}`);
  if (!reply.ok || asked !== query()) return;
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  for (const part of page.querySelectorAll("[data-live]")) {
    if (!["channel", "heat"].includes(part.id)) put(part.id, part.outerHTML);
  }
}

if (form) {
  form.dataset.first = el("sq").dataset.quarters.split(" ")[0];
  form.addEventListener("input", () => update(performance.now()));
  form.addEventListener("submit", (event) => { event.preventDefault(); update(performance.now()); });
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    for (const input of form.querySelectorAll("input[type=range]")) if (input.id !== "sq") input.value = 1;
    for (const input of form.querySelectorAll("input[type=hidden]")) if (input.id !== "q") input.remove();
    update(performance.now());
  });
}

// One stop of the tab key for the whole table; arrows move in it.
function rove(root) {
  const cells = [...root.querySelectorAll(".grid tbody a")];
  cells.forEach((cell, place) => { cell.tabIndex = place ? -1 : 0; });
}

document.addEventListener("keydown", (event) => {
  const cell = event.target.closest?.(".grid tbody td");
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!cell || !step) return;
  const row = cell.parentElement;
  const next = row.parentElement.rows[row.sectionRowIndex + step[0]]?.cells[cell.cellIndex + step[1]]?.querySelector("a");
  if (!next) return;
  event.preventDefault();
  event.target.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});
rove(document);

// A number opens beside the page; Escape closes and gives the focus back.
let opener;

function show(drawer, from) {
  opener = from ?? document.activeElement;
  drawer.hidden = false;
}

function shut() {
  for (const drawer of [el("drawer"), el("keys")]) {
    if (drawer.hidden) continue;
    drawer.hidden = true;
    if (opener?.isConnected) opener.focus();
    else el("main").focus();
  }
}

document.addEventListener("click", async (event) => {
  const number = event.target.closest("a.num");
  if (!number || still || event.ctrlKey || event.metaKey || event.shiftKey || number.closest("aside")) return;
  event.preventDefault();
  const href = number.getAttribute("href");
  document.body.classList.add("busy");
  try {
    const reply = await fetch(href);
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const main = page.querySelector("main");
    for (const part of main.querySelectorAll("[id]")) part.removeAttribute("id");
    const head = main.querySelector("h1");
    const title = document.createElement("h2");
    title.append(...head.childNodes);
    head.replaceWith(title);
    el("card").replaceChildren(...main.childNodes);
    const more = document.createElement("p");
    more.innerHTML = "<a>Open its page</a>";
    more.firstChild.href = href;
    el("card").append(more);
    show(el("drawer"), number);
    el("close").focus();
  } finally {
    document.body.classList.remove("busy");
  }
});
el("close").addEventListener("click", shut);

// Keys.
let before = "";
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return shut();
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input[type=search], textarea")) return;
  const last = before;
  before = event.key;
  if (event.key === "?") { show(el("keys")); el("keys").tabIndex = -1; el("keys").focus(); }
  else if (event.key === "/" && el("query")) { event.preventDefault(); el("query").focus(); }
  else if (event.key === "." && document.activeElement.matches("a.num")) document.activeElement.click();
  else if ((event.key === "[" || event.key === "]") && form) {
    el("sq").value = Number(el("sq").value) + (event.key === "]" ? 1 : -1);
    update(performance.now());
  } else if (last === "g") document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`)?.click();
});
