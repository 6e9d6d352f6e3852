"""What goes wrong with machines and services, and what is done then."""
