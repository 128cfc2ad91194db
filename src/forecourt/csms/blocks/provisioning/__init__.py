"""Functional block B: who boots, what stations are made of and set to, and getting them to be set as wanted."""
