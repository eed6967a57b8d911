"""A sheet whose cells are terms, and the styles of a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrows.report.workbook.formula import Span, Term, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook

__all__ = ["Sheet", "Styles", "neighbours"]

INK, PALE, RULE, INPUT, STREAM = "#1f2933", "#5f6b76", "#c8d0d8", "#fff6d6", "#dbe9f7"
LONGEST_LINK = 2000
"""Letters of an address that a spreadsheet takes as a link."""
LONGEST_TEXT = 32_000
LETTERS, A4 = 26, 9


class Styles:
    """Formats of cells, each made once.

    Parameters
    ----------
    book
        The workbook.
    """

    FORMS = {  # noqa: RUF012 (never changed)
        "title": {"bold": True, "font_size": 16, "font_color": INK},
        "note": {"font_color": PALE, "text_wrap": True, "valign": "top"},
        "plain": {"font_color": PALE},
        "head": {"bold": True, "font_color": INK, "bottom": 1, "bottom_color": RULE, "valign": "bottom"},
        "head_right": {
            "bold": True, "font_color": INK, "bottom": 1, "bottom_color": RULE, "align": "right",
        },
        "part": {"bold": True, "font_color": INK, "top": 1, "top_color": RULE},
        "name": {"font_color": INK},
        "text": {"font_color": INK, "valign": "top"},
        "input": {"num_format": "General", "bg_color": INPUT, "border": 1, "border_color": RULE},
        "any": {"num_format": "General"},
        "amount": {"num_format": '[>=1E+100]"no limit";#,##0'},
        "fine": {"num_format": "0.0000"},
        "tiny": {"num_format": "0.000E+00"},
        "year": {"num_format": "0.000"},
        "share": {"num_format": "0%"},
        "whole": {"num_format": "0"},
        "headline": {"num_format": "#,##0", "bold": True, "bg_color": STREAM},
        "binding": {"bold": True, "bg_color": STREAM, "align": "right"},
        "least": {"bold": True, "bg_color": "#ffd9c7"},
        "right": {"align": "right"},
        "link": {"font_color": "#1b5e9b", "underline": 1, "valign": "top"},
    }  # fmt: skip

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[str, Format] = {}

    def __getitem__(self, name: str) -> Format:
        if name not in self._made:
            self._made[name] = self._book.add_format(self.FORMS[name])
        return self._made[name]


class Sheet:
    """A sheet that writes terms and gives back the cells they stand in.

    Parameters
    ----------
    book
        The workbook.
    name
        Name of the sheet, one word.
    styles
        Formats.
    """

    def __init__(self, book: Workbook, name: str, styles: Styles) -> None:
        self.name, self.styles = name, styles
        self.page = book.add_worksheet(name)
        self.page.set_landscape()
        self.page.set_paper(A4)
        self.page.fit_to_pages(1, 0)
        self.page.hide_gridlines(2)
        self.page.ignore_errors({"number_stored_as_text": "A1:P5000"})  # years that are texts

    def put(self, row: int, column: int, content: Term | Text | float | str, style: str = "any") -> Any:
        """Write a cell; return it as a term, or as a text.

        Parameters
        ----------
        row, column
            Place, counted from 0.
        content
            A formula, a number, or a text, which is never taken for a formula.
        style
            Name of its format.
        """
        form, place = self.styles[style], f"{self.name}!{_address(row, column)}"
        if isinstance(content, Term | Text):
            text = content.text.replace(f"{self.name}!", "")
            self.page.write_formula(row, column, f"={text}", form, content.value)
            return type(content)(place, content.value)  # type: ignore[arg-type]
        if isinstance(content, str):
            self.page.write_string(row, column, content[:LONGEST_TEXT], form)
            return Text(place, content)
        self.page.write_number(row, column, content, form)
        return Term(place, float(content))

    def link(self, row: int, column: int, address: str) -> None:
        """Write an address of the web as a link; any other as a text."""
        if address.startswith(("https://", "http://")) and len(address) < LONGEST_LINK:
            self.page.write_url(row, column, address, self.styles["link"], address)
        else:
            self.page.write_string(row, column, address, self.styles["text"])

    def row(self, row: int, column: int, contents: Sequence[Any], style: str = "any") -> Span:
        """Write cells side by side."""
        return neighbours([self.put(row, column + step, one, style) for step, one in enumerate(contents)])

    def widths(self, *wide: float) -> None:
        """Set the widths of the first columns [character]."""
        for column, width in enumerate(wide):
            self.page.set_column(column, column, width)


def neighbours(cells: Sequence[Term | Text]) -> Span:
    """Return cells that stand in one row or column as a span."""
    sheet, _, last = cells[-1].text.partition("!")
    return Span(f"{cells[0].text}:{last}" if sheet else "", tuple(cells))


def _address(row: int, column: int) -> str:
    """Return the name of a place.

    >>> _address(4, 27)
    'AB5'
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, LETTERS)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"
