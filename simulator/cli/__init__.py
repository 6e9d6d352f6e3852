"""The command line: what a command takes and prints, and no logic."""
