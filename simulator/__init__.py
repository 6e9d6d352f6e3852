"""predcost."""
