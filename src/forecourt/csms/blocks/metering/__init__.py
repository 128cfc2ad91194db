"""What meters say: readings in one unit and one set of words, signed values byte for byte (block J)."""
