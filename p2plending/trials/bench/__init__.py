"""What the platform costs, measured against bare SQL and against its peers in one run. Start it with `make bench`."""
