"""STAFF: no tables of its own yet; what staff see and decide lives in the other apps."""
