"""The lake: Delta tables partitioned by day, and the only room that knows Delta.

Public: `lake.Lake` (open, read, replace a table's day), `tables` (columns and types), `steps.StepRecord` (what `days` says),
`rows.Rows`; for upkeep alone `maintenance`, `purge`. `options` and `retention` are settings, and cost nothing to import.
"""
