"""The kill test: parts of a running site taken away under load, and what is left counted."""
