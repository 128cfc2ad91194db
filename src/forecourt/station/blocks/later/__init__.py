"""What is not built yet, each with the refusal the specification has for it."""
