"""One plan, one replication: SimPy decides, compiled kernels carry the requests."""
