"""Day 3, network: how fast chips exchange."""
