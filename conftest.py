"""Where a benchmark's own fixtures go: override `computer`, `agent` or `grade` here."""
