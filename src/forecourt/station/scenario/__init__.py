"""Journeys of a station that are written down: what is done to it, and what its management system must do."""
