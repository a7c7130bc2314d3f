"""The processes that carry out tasks: they take rows of django-q2's queue, and share nothing but the database."""
