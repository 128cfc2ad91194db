"""Boot, clock, device model on the wire, reset, network profiles."""
