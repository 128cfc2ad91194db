"""The variables of a station: what there is, what they are set to, and what reading or writing one comes to."""
