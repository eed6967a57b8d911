"""Day 7: training, from a run to dollars, days and what is lost on the way.

Names are loaded when touched.
"""

from __future__ import annotations
