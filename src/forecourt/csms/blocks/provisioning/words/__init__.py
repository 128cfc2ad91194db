"""Components, variables and what is said about them, between our words and those of the wire."""
