"""Who may charge: local list, cache, and the question to the management system."""
