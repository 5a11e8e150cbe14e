"""The night watch inside other people's programs: `night_watch.airflow` is its Airflow provider."""
