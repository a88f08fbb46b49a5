"""SWE-Lancer as a pytest plugin: language models, real freelance tasks, dollars earned."""

__version__ = "0.1.0"
