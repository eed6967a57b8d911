"""The indices and sector funds of a recap."""

from __future__ import annotations

__all__ = ["INDICES", "SECTORS", "STANDS_IN"]

INDICES = (("SPX", "S&P 500"), ("IXIC", "Nasdaq Composite"), ("DJI", "Dow Jones"))
"""Indices of the first table."""
STANDS_IN = {"DJI": "DIA"}
"""Funds that are shown, and named, where the closes of an index are not held."""
SECTORS = (
    ("XLK", "Technology"),
    ("XLB", "Materials"),
    ("XLC", "Communication Services"),
    ("XLY", "Consumer Discretionary"),
    ("XLRE", "Real Estate"),
    ("XLI", "Industrials"),
    ("XLP", "Consumer Staples"),
    ("XLF", "Financials"),
    ("XLV", "Health Care"),
    ("XLU", "Utilities"),
    ("XLE", "Energy"),
)
"""Sector funds of the S&P 500 (Select Sector SPDRs) and their GICS sectors."""
