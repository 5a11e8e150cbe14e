"""One file a quality metric. `catalogue.build` gives them all; each implements `records.Evaluator`."""
