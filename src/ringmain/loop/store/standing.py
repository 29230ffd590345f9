"""Which sales count as somebody's visit: those that stand, and of which their buyer has not said "this was not me"."""

from typing import LiteralString

from ringmain.profile.api import DISPUTED
from ringmain.sale.api import UNDONE

# Of a sale called s. Disputes are few: the whole list of a network is hashed once per question.
STANDS: LiteralString = f"NOT {UNDONE}"
THEIRS: LiteralString = f"s.id NOT IN ({DISPUTED}) AND {STANDS}"
