"""From what load tests and benchmarks measure to the service time, noise and slots of a fleet."""
