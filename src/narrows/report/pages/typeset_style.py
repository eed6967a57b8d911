"""How a page looks on paper: the settings of typst, in the colours of the pages by day."""

from __future__ import annotations

__all__ = ["HEAD", "LEFT_OUT", "RULES", "SET", "WIDE"]

LEFT_OUT = frozenset({"what-if", "exports", "skip", "hidden"})
"""Ids and classes of what only a browser can do."""

HEAD = r"""
#let ink = rgb("#1a2330")
#let pale = rgb("#4a5564")
#let rule = rgb("#d9dee5")
#let edge = rgb("#7d8897")
#let frame = rgb("#b3211b")
#let quiet(body) = text(size: 0.88em, fill: pale, body)
#let measure = 170mm
#let words(body) = block(width: measure, above: 0.7em, below: 0.7em, body)
#let caption(body) = block(above: 0.7em, below: 0.6em, sticky: true, quiet(body))
#let source(body) = block(width: measure, above: 0.6em, below: 0.8em, quiet(body))
#let lead(body) = block(width: measure, above: 1em, below: 1.2em, text(size: 1.12em, fill: pale, body))
#let notice(body) = block(stroke: (left: 1.5pt + frame), inset: (left: 8pt, y: 3pt), text(fill: pale, body))
#let marked(body) = text(fill: frame, body)
#let missed(body) = text(fill: frame, weight: 700, body)
#let big(body) = text(size: 1.9em, fill: ink, weight: 600, body)
#let swatch(kind) = {
  let drawn = (
    stream: (fill: rgb("#86b0dc")),
    bank: (fill: rgb("#dbe1e9"), stroke: 0.5pt + edge),
    frame: (stroke: 1.2pt + frame),
  )
  box(width: 15pt, height: 7pt, baseline: 0.5pt, radius: 1pt, ..drawn.at(kind, default: (:)))
}
#let key(kind, body) = [#swatch(kind)#h(4pt)#body]
#let legend(body) = block(below: 0.7em, quiet(body))
#let pairs(..cells) = block(above: 0.8em, below: 0.8em, grid(
  columns: (auto, 1fr), column-gutter: 16pt, row-gutter: 6.5pt, ..cells,
))
#let rows(columns, aligns, ..cells) = block(
  above: 0.7em, below: 0.9em, breakable: cells.pos().len() > 28 * columns,
)[#{
  set text(size: 0.86em, number-width: "tabular")
  set par(justify: false)
  table(
    columns: columns, align: (x, y) => aligns.at(x, default: left) + if y == 0 { bottom } else { top },
    inset: (x, y) => (left: if x == 0 { 0pt } else { 5pt }, right: 5pt, y: 3.2pt),
    stroke: (x, y) => (bottom: 0.4pt + rule), ..cells,
  )
}]
#let heat(columns, aligns, ..cells) = block(above: 0.7em, below: 0.9em, breakable: false, {
  set text(size: 0.78em, number-width: "tabular")
  set par(justify: false)
  table(
    columns: columns, align: (x, y) => if x == 0 { right + horizon } else { center + horizon },
    inset: (x: 1.5pt, y: 3pt), stroke: 0.8pt + white, ..cells,
  )
})
"""

SET = r"""
#set document(title: {title}, author: "narrows", date: {date})
#set page(
  paper: "a4", flipped: {wide}, margin: (x: 20mm, top: 22mm, bottom: 20mm),
  header: context text(size: 8pt, fill: pale)[#strong("narrows")#h(1fr)#{address}],
  footer: context text(size: 8pt, fill: pale)[
    #{foot}#h(1fr)#counter(page).display("1 / 1", both: true)
  ],
)
#set text(font: "Libertinus Serif", size: 10pt, fill: ink, lang: "en", number-type: "lining")
#set par(justify: false, leading: 0.62em, spacing: 0.85em)
#set heading(numbering: none)
#show heading.where(level: 1): it => block(below: 0.75em, text(size: 21pt, weight: 600, it.body))
#show heading.where(level: 2): it => block(
  above: 1.7em, below: 0.7em, text(size: 12.5pt, weight: 600, it.body),
)
#show heading.where(level: 4): it => block(above: 1em, below: 0.5em, text(size: 10pt, weight: 600, it.body))
#show heading.where(level: 3): it => block(
  above: 1.1em, below: 0.5em, text(size: 10pt, weight: 600, fill: pale, it.body),
)
#show raw: set text(font: "DejaVu Sans Mono", size: 0.92em)
#show figure: set block(above: 0.8em, below: 0.6em)
#show link: set text(fill: ink)
"""

WIDE = 1000
"""Pictures wider than this, in their own units, are set across the page."""
RULES = ".channel .name{font-size:10.8px}.channel .value{font-size:13.5px}"
"""What pictures need on paper: the letters of the paper are narrower than those of a screen."""
