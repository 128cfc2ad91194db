"""What the Open Charge Alliance certifies, and what can be told of it by running cases against any system or station."""
