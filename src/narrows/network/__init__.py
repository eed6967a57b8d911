"""Day 3, network: links and switches, how fast chips exchange, the fabric of a cluster, and an audit."""
