"""Measurements, each a module that runs on its own and prints one JSON object as its last line."""
