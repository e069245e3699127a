"""The ladder: its table, and what Copier asks of it."""
