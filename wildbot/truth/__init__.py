"""What our fills are worth, and what paper would have made of the same orders; see the module docstrings."""
