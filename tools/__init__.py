"""What is run while developing Forecourt and never at run time."""
