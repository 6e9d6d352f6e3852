"""How long it takes to compute a batch of predictions together."""
