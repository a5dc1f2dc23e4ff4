"""The shells: one process each, no decisions. `python -m actors NAME` starts one; a brain decides what it does."""
