"""The pages of the cockpit: each puts panels of the view on the screen, and no more."""
