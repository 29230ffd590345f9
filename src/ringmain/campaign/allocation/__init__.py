"""Who gets which voucher, under budgets, caps and bands of fairness: arrays in, arrays out, the same every time.

`allocate` finds the prices of all budgets and a feasible allocation for many people at once; `pick` applies the same
prices to one person; `Pace` spreads a budget over its period. Nothing here knows a database.
"""

from ringmain.campaign.allocation.duals import Prices, moved, used
from ringmain.campaign.allocation.online import Picked, pick, sharpness_of, worth
from ringmain.campaign.allocation.pacing import Pace, multiplier
from ringmain.campaign.allocation.problem import Bands, Budgets, Candidates, Problem
from ringmain.campaign.allocation.solve import Allocation, allocate

__all__ = [
    "Allocation",
    "Bands",
    "Budgets",
    "Candidates",
    "Pace",
    "Picked",
    "Prices",
    "Problem",
    "allocate",
    "moved",
    "multiplier",
    "pick",
    "sharpness_of",
    "used",
    "worth",
]
