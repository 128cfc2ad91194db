"""The features of a station, one folder per functional block, named as at the management system."""
