"""What every plan would do, by closed forms, in milliseconds: the planner."""
