"""The requests that plans are given, and what is remembered of the logins."""
