"""How long something lasts: think times between requests, and gaps between logins."""
