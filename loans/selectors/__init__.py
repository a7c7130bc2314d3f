"""Reads of loans: what lenders, borrowers and staff may see of them."""
