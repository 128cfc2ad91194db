"""Messages for the display, set by the management system."""
