"""Closed forms: instant estimates for the planner, and the truth that the simulation is tested against."""
