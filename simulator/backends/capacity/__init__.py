"""How many replicas a fleet has, and who changes that."""
