"""Certificates: reading, naming, checking and asking for them. Pure functions of text, bytes and moments."""
