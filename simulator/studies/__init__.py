"""Many simulations, and what they say together."""
