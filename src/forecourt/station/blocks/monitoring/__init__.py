"""Watching variables, and telling what happens to them."""
