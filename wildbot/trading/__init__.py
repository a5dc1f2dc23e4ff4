"""What one trader is doing: its orders, its position, its limits. Pure; may import `model` and `market`."""
