"""When what is due is due."""
