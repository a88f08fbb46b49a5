"""Measurements of speed, one command each."""
