"""Functional blocks A and M: certificates of stations, signed here or shown at the handshake, and the roots they trust."""
