"""What readers of the lake are given: a dictionary of its tables, views, a dbt package. `tools/lake_tables.py` writes them."""
