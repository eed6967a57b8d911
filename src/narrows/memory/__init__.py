"""Day 2, memory: generations of stacked memory, the stacks of an accelerator, and an audit of both."""
