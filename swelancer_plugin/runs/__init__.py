"""Run directories: the journal of attempts, and what has to be cleaned up."""
