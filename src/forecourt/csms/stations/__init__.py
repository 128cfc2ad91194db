"""Which stations exist, which are connected where, and how one is spoken to, whatever its version."""
