"""How long an online prediction may be served again."""
