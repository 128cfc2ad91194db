"""What the management system has the station do at once."""
