"""The whole of WildBot in one process on virtual time: the real brains and wire formats, one seed, faults on a schedule."""
