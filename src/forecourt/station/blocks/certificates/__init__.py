"""Certificates: which roots are trusted, and the certificate of the station itself."""
