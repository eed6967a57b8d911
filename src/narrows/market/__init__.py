"""Prices, sessions, breadth, streaks, records: the market's own numbers, and the week in words."""
