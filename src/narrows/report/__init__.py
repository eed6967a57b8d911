"""Words, tables and pictures made from the answers; no equations."""
