"""Network connection profiles: where to connect, how safely, and what else when nobody is there."""
