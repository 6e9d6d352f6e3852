"""How many requests a login makes."""
