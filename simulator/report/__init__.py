"""What people look at: tables, charts, JSON."""
