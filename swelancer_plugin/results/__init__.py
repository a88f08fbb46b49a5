"""Pure functions from attempts to numbers."""
