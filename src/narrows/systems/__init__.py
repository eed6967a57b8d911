"""Day 5, systems: servers and racks, what one accelerator needs of every layer, and an audit."""
