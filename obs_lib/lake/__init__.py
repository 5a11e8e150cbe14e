"""The lake: Delta tables partitioned by day, and the only room that knows Delta.

Public to every stage: `lake.Lake` (open, read, replace a table's day), `tables` (each table's columns, and what they hold),
`table.Table`, `rows.Rows`, `steps.StepRecord` (what `days` says). For what is done to a lake as a whole: `maintenance`,
`purge`, `lock`, `swap` (a whole table at once), `version`. `options` and `retention` are settings, and cost nothing to import.
The rest is how it is done: `place` and `kept` open tables, `delta` reads and writes them, `days` replaces a day.
"""
