"""What everything else stands on: units, random streams, histograms, usage, estimates, errors."""
