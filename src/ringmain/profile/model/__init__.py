"""The image of a person, folded from their visits by one pure function: counted facts, and nothing where too few."""

from collections.abc import Sequence
from datetime import datetime

from ringmain.profile.model.choices import choices_of, day_part, is_near, usual_categories
from ringmain.profile.model.facts import (
    FEWEST_FACTS,
    WEAK,
    WINDOW,
    Confidence,
    Counted,
    Field,
    FieldFact,
    Visit,
)
from ringmain.profile.model.figures import figures_of

__all__ = [
    "FEWEST_FACTS",
    "WEAK",
    "WINDOW",
    "Confidence",
    "Counted",
    "Field",
    "FieldFact",
    "Visit",
    "day_part",
    "fields_of",
    "is_near",
    "usual_categories",
]


def fields_of(visits: Sequence[Visit], at: datetime | None = None) -> tuple[FieldFact, ...]:
    """Return every field, counted from visits, the newest first, as it stands `at` a moment (None: at the newest)."""
    return (*choices_of(visits), *figures_of(visits, at))
