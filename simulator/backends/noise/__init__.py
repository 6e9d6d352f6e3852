"""The random factor on a service time, with mean 1."""
