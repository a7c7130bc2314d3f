"""The demo world: made-up people who live through months of lending on the real services.

Nothing here inserts what a service would write. Time is the date that is passed in, so the history is as long as it
says, while every row honestly carries the moment at which it was written.
"""
