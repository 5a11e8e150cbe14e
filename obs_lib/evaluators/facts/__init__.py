"""What a sentence says that can be compared: quantities, dates, names, how many, and whether it denies."""
