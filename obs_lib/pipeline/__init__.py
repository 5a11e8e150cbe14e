"""The night's steps, one file a step: the only place where stages meet.

Public, for `cli`, Dags, plugins and whoever runs a night himself:

- `workspace.open_workspace`, `workspace.Workspace`: what every step is handed.
- `night.run_day`, `run_days`, `run_late_days`, `fold`: whole nights in one process.
- The steps that are pure by day, each a function of its file's name: `ingest`, `plan`, `evaluate` (once a shard),
  `collect`, `summarise`. They meet in the lake, and `plan_file.Plan` tells those after `plan` what to do.
- The fold over days, oldest first: `compare`, `alert`, `render`, `notify`; `fold.history` is what it goes over.
- By hand: `forget`, `maintain`, `preview`, `label_sample`, `calibrate`, `comparing` (two answers before a judge), `pages`
  (the reports that there are).

The rest serves these: staging of a plan (`staging`, `plan_file`), the draw and its cases (`cases`, `oversampling`), anchors and
judges of a night (`anchor`, `judging`), what is shown of a day (`revisions`, `shown`), erasures and closed days.
"""
