"""How long something lasts: think times between requests."""
