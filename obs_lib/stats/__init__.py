"""Pure statistics that more than one stage uses: no tables, no settings, no decision.

Public: `intervals` (shares, means, percentiles with 95% intervals), `latency_model` (latency by tokens), `ranking` (MRR, nDCG,
ROC).
"""
