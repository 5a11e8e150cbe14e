"""One file an evaluator, which declares its score; a line in `catalogue/bundled.py` makes it known.

Public: `build.build` makes them all, the package's and anybody's; each implements `records.Evaluator`. `judge/` is language
models, `by_model` the models of one's own, `anchors` the frozen set that is scored every night.
"""
