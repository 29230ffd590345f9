"""What other slices may ask of the images of people."""

from ringmain.profile.analysis import VISIT_TABLES, canonical, disputed, lake_visits
from ringmain.profile.correct import dispute, hide, own_receipt, receipt_by_token
from ringmain.profile.habits import Habits, habits_for_merchant
from ringmain.profile.image import Image, ShownVisit, image, visits
from ringmain.profile.model import (
    FEWEST_FACTS,
    WEAK,
    WINDOW,
    Confidence,
    Counted,
    Field,
    FieldFact,
    Visit,
    day_part,
    fields_of,
    is_near,
)
from ringmain.profile.own_copy import OwnCopy, own_copy
from ringmain.profile.store import DISPUTED, DISPUTED_BY, LAKE_TABLES, disputed_sales
from ringmain.profile.wants import usual_wants

__all__ = [
    "DISPUTED",
    "DISPUTED_BY",
    "FEWEST_FACTS",
    "LAKE_TABLES",
    "VISIT_TABLES",
    "WEAK",
    "WINDOW",
    "Confidence",
    "Counted",
    "Field",
    "FieldFact",
    "Habits",
    "Image",
    "OwnCopy",
    "ShownVisit",
    "Visit",
    "canonical",
    "day_part",
    "dispute",
    "disputed",
    "disputed_sales",
    "fields_of",
    "habits_for_merchant",
    "hide",
    "image",
    "is_near",
    "lake_visits",
    "own_copy",
    "own_receipt",
    "receipt_by_token",
    "usual_wants",
    "visits",
]
