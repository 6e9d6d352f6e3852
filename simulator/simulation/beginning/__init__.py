"""The rows that a simulation begins with, drawn from the law of their long run."""
