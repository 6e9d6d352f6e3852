"""What the request path keeps: rules, rows, what waits, and the tally."""
