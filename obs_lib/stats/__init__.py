"""Pure statistics, for whichever stage needs them: no tables, no settings, no decision.

Public: `intervals` (shares, means, percentiles with 95% intervals), `contrast` (a day against the days before it),
`multiple_testing` (many tests at once), `latency_model` (latency by tokens), `ranking` (MRR, nDCG, ROC).
"""
