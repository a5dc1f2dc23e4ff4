"""How our processes speak: bytes to model and back, and the counters that tell whether a peer is still there."""
