"""From a day's drift, objectives and missing data to incidents that last over days, and their way to people.

signals and objectives and data say what is wrong today; causes and severity weigh it; incidents folds it over days, with a
file a state; routing says who is told, and channels/ sends.
"""
