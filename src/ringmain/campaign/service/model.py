"""What a service plan says, and whether it makes sense."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID

# The kinds of scenes, and messages, which are a meeting, too.
Scene = Literal["poster", "nfc", "link", "screen", "payment", "share", "search", "message"]
SCENES: Final[tuple[Scene, ...]] = get_args(Scene)
LEAST_HELD_OUT_BP, USUAL_HELD_OUT_BP, MOST_HELD_OUT_BP = 500, 1_000, 2_000
MOST_OFFERS, MOST_BENEFITS, LONGEST_BENEFIT, LONGEST_PACE_DAYS = 10, 5, 120, 90


@dataclass(frozen=True, slots=True)
class Benefit:
    """What is given beside vouchers, such as a table that is kept, in plain words of both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a version says: offers that come first, benefits, and one message in `message_days` days at most."""

    offer_ids: tuple[UUID, ...] = ()
    benefits: tuple[Benefit, ...] = ()
    message_days: int | None = None

    @property
    def fault(self) -> tuple[str, str] | None:
        """The first field that makes no sense, and why; None where all is well."""
        texts = [text for one in self.benefits for text in (one.en, one.zh)]
        days = self.message_days
        for field, wrong, reason in (
            ("offer_ids", not (self.offer_ids or self.benefits or days), "A plan says one thing at least."),
            ("offer_ids", len(set(self.offer_ids)) < len(self.offer_ids), "An offer is named twice."),
            ("offer_ids", len(self.offer_ids) > MOST_OFFERS, f"At most {MOST_OFFERS} offers come first."),
            ("benefits", len(self.benefits) > MOST_BENEFITS, f"At most {MOST_BENEFITS} benefits."),
            ("benefits", not all(text.strip() for text in texts), "Each benefit is said in both languages."),
            ("benefits", any(len(text) > LONGEST_BENEFIT for text in texts), f"{LONGEST_BENEFIT} letters at most."),
            ("message_days", days is not None and not 1 <= days <= LONGEST_PACE_DAYS, "From 1 to 90 days."),
        ):
            if wrong:
                return field, reason
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlan:
    """A plan as it stands; `held_out_bp` of 10,000 people of its tribe are served as if it were not there."""

    id: UUID
    owner_id: UUID
    tribe_id: UUID
    scene: Scene
    salt: bytes
    held_out_bp: int
    version: int
    said: Said
    made_at: datetime
    changed_at: datetime
    ended_at: datetime | None

    def works_at(self, scene: str, merchant_id: UUID | None, network_id: UUID) -> bool:
        """Say whether it works where a person is met: the network's everywhere, a merchant's at its own shops."""
        return self.scene == scene and self.owner_id in (network_id, merchant_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """The first meeting of a person and a plan."""

    id: UUID
    plan_id: UUID
    version: int
    tribe_id: UUID
    scene: str
    subject_id: UUID
    treated: bool
    met_at: datetime


def in_language(benefits: Sequence[Benefit], language: str) -> list[str]:
    """Return benefits in a language, English where it is none of ours; each once."""
    return list(dict.fromkeys(one.zh if language.startswith("zh") else one.en for one in benefits))
