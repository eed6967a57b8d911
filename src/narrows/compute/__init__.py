"""Day 1, compute: how fast a chip multiplies."""
