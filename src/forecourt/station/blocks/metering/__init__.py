"""Which readings are taken when."""
