"""What state stations, EVSEs and connectors are in, whether they are to be in use, and whether a station is there (block G)."""
