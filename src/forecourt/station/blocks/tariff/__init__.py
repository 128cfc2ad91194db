"""What charging costs, as the management system says it, shown to the driver."""
