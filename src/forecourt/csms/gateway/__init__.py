"""How stations come in: handshakes decided, connections kept, calls answered after their commit."""
