"""Day 3, network: links and switches, the fabric of a cluster, and an audit of both."""
