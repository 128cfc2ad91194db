"""A station with simulated hardware in somebody's hands: what can be done to it, by name, and what it shows.

The terminal, the control API and scenarios are three ways to the same `Workbench`.
"""
