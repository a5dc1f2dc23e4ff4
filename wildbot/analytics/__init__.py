"""What happened and what it was worth: the status document, history, statistics. Pure."""
