"""Places where stations stand."""
