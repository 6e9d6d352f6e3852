"""Which row makes room for a new one in a store of limited size."""
