"""Where the work is done: computers, and the engine under them."""
