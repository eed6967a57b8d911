"""Day 7: training, from a model and a cluster to a step, its memory, its cost and a date.

Names are loaded when touched.
"""

from __future__ import annotations
