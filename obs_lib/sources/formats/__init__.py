"""How each kind of log says what an interaction is, one file a format."""
