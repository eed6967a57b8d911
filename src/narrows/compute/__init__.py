"""Day 1, compute: what accelerators offer, the silicon of one, and an audit of both."""
