"""Day 1, compute: what accelerators offer, how fast they multiply, the silicon of one, and an audit."""
