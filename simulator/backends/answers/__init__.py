"""What a backend is asked about itself, and what it answers."""
