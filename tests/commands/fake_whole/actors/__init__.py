"""Stands in for the real actors where only their coming and going matters: started as `python -m actors NAME` from here."""
