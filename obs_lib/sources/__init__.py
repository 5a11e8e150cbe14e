"""Log sources: a place and a format, read a day at a time; what breaks a rule is quarantined, the implausible repaired.

Public: `options.SourceOptions`, `source.open_source`, `reading.read_day`, and for a format of one's own (docs/extending.md)
`entries` (Entry, Row, Rejected, RejectedEntry), `formats.base` (Format, EntryFormat), `validate.parse_object`.
`options` and `formats.registry` import nothing heavy: a Dag's parse reads them.
"""
