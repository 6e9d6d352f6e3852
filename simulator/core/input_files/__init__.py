"""YAML files that people write: read safely, validated, and all that is wrong with them named by key path and line."""
