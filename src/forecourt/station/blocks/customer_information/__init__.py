"""What a station knows of one customer, told and erased."""
