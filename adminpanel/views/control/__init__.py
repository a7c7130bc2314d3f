"""Pages where staff control what staff and the platform may do: the second person, settings, products, accounts."""
