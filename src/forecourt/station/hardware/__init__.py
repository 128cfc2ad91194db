"""The electrical side of a station: the interface that the rest needs, and a simulation that obeys physics."""
