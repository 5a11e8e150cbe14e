"""Log sources: one adapter a log format, and the validation that puts bad lines into quarantine."""
