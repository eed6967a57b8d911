"""Day 8: inference, from a model and a chip to latency, dollars and margin.

Names are loaded when touched.
"""

from __future__ import annotations
