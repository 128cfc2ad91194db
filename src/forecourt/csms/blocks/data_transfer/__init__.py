"""What the specification has no words for, passed on to who knows the vendor (block P)."""
