"""From the first of a session to its end, told in order and never lost."""
