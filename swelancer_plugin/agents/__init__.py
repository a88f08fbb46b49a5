"""What works on a task: the seam, the brief in words, the agents, the baselines."""
