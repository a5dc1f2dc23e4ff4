"""What the market is: books, quotes, signals. Pure; may import `model` only."""
