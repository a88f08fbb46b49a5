"""Language models: the seam, the client, what a call costs, what bounds an attempt."""
