"""Who operates stations and who provides tokens. One organisation may do both."""
