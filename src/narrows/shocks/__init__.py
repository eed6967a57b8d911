"""An event to an overlay on facts and a sector table."""
