"""The options of every command: one module a room."""
