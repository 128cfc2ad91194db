"""What happens, as it happens: one reader of the events for all who watch, and the newest readings beside it."""
