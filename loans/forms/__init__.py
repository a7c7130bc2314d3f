"""What borrowers and lenders type about loans."""
