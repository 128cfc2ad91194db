"""Spoils the station on purpose, block by block, to see that its tests notice."""
