"""One file a quality metric. `build.build` gives them all; each implements `records.Evaluator`."""
