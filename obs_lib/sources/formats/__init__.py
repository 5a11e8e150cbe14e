"""One file or folder a log format; `registry` names them, `base` says what one is."""
