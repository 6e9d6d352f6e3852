"""Who comes, and when."""
