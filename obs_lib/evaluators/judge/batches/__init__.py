"""A judge asked through a batch API: all questions of a day at once, at a lower price, answered within a day.

register   which questions are in which batch, beside the verdicts in the ledger: claimed before they are sent, so paid once
api        what a batch API must do       openai, anthropic   the two that there are
asking     one day's questions: what is collected, what is sent, how long is waited
"""
