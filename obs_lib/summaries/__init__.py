"""The numbers of a day with their intervals, and the sketches that a baseline needs of it."""
