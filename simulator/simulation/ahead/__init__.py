"""Computing ahead: who is computed for, and the runs that do."""
