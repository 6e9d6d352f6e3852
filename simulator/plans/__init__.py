"""When and for whom predictions are computed."""
