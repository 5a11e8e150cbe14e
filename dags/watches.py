"""The Dags of every watch that $OBS_CONFIG names, a settings file or a folder of them."""

from night_watch.airflow import night_watch_dags

night_watch_dags()
