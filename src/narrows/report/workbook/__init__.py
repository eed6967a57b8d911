"""The map as a workbook whose formulas are alive: inputs, model and sources, each on sheets of their own."""

from __future__ import annotations

from narrows.report.workbook.book import map_workbook

__all__ = ["map_workbook"]
