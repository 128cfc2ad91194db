"""Functional block A: what stations report about their security, and the passwords they prove themselves with."""
