"""The explorer: a scenario with sliders, in a notebook."""
