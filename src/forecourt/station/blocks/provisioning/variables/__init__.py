"""The device model on the wire: variables in 2.x, configuration keys in 1.6."""
