"""From what an agent left behind to a grade."""
