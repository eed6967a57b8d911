"""What typst makes of its source: a page as PDF, or the first sheet as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from narrows.errors import DataError, RunError

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["set_source"]

PIXELS = 110.0
"""Resolution of a sheet as a picture [pixel/inch]."""


def set_source(source: bytes, address: str, form: Literal["pdf", "png"], said: datetime) -> bytes:
    """Return a source of typst, set.

    Parameters
    ----------
    source
        The document.
    address
        Path and query of the page that it shows.
    form
        ``pdf`` or ``png``.
    said
        Moment that the file is dated.

    Raises
    ------
    DataError
        If typst is not there.
    RunError
        If the page cannot be set.
    """
    try:
        import typst
    except ImportError as error:
        raise DataError(
            "A PDF is asked for, and the package typst is not there",
            "Pages are read in a browser without it, and print from there",
            "Install narrows[report], or write narrows serve",
        ) from error
    try:
        made: bytes | list[bytes] = typst.compile(
            source,
            format=form,
            ppi=None if form == "pdf" else PIXELS,
            ignore_system_fonts=True,
            timestamp=said,
            pdf_standards="ua-1" if form == "pdf" else [],
        )
    except typst.TypstError as problem:
        raise RunError(
            f"The page {address!r} cannot be set on paper: {problem.message}",
            "Every page of the site can be",
            "Read it in a browser, and report it",
        ) from problem
    return made[0] if isinstance(made, list) else made
