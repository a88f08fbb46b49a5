"""Task lists: the bundled format and the official CSVs."""
