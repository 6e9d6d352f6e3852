"""From logs and measurements to the parts of a scenario."""
