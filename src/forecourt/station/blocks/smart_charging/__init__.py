"""Charging profiles: keeping them, following them, telling about them."""
