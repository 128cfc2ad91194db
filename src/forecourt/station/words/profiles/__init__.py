"""Charging profiles and schedules in the words of each version."""
