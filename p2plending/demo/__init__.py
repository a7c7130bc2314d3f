"""The demo world: made-up people who live through months of lending on the real services.

Nothing here inserts what a service would write. The past is lived on its own days: dates are passed in, and the clock
stands where each thing happened, so that every row carries that day. Days that staff move to are lived in the same way.
"""
