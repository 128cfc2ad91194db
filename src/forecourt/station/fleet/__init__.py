"""Many stations with people at them: who comes when with which vehicle, and a management system that accepts everything."""
