"""What lenders can be shown: the market, their parts, their rules."""
