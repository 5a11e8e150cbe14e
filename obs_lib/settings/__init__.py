"""Settings: every stage's options composed, and the one place that reads obs.yaml and the environment.

Public: `loading.load_settings` and `parse_settings`, `settings.Settings`, `environment.notify_urls` and
`environment_connection`. A Dag's parse reads this room, so nothing here imports pandas or Arrow.
"""
