"""Starting and stopping from afar, unlocking, and asking for a message (block F)."""
