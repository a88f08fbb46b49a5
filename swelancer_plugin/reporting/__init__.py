"""The same numbers for the terminal, pytest-html and files."""
