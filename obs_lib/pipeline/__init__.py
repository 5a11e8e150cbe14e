"""The night's steps, one file a step: the only place where stages meet.

Pure by day: `ingest`, `plan`, `evaluate` (once a shard), `collect`, `summarise`.
A fold over days, oldest first: `compare`, `alert`, `render`, `deliver`.
"""
