"""What the owner is told from afar, and what a message of the owner's means: rules, without a network."""
