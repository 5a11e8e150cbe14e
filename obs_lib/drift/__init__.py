"""How far a day stands from the days before it: distances (one a file), the baseline window, and the decision.

Measuring and deciding live apart. `measure` knows no threshold; `decision` sees every distance of the day at once.
"""
