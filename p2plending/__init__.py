"""Plainlend: a peer-to-peer lending platform."""

__version__ = "0.1.0"
