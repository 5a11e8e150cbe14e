"""What an answer's format can be, a kind of format a file. Each check raises `NotCompliant` with the place, or returns."""
