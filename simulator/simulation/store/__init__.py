"""The prediction store: its table, evictions, and the rows that runs publish."""
