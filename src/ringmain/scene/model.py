"""What a scene is, and what may be touched when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from ringmain.scene.errors import SceneNeedsShop, SceneRetired, TouchInFuture

# Clocks of tills and phones differ by this much without anybody's fault.
_CLOCK_SLACK = timedelta(minutes=5)


class SceneKind(StrEnum):
    """How a person meets the network."""

    POSTER = "poster"
    NFC = "nfc"
    LINK = "link"
    SCREEN = "screen"
    PAYMENT = "payment"
    SEARCH = "search"
    SHARE = "share"


_AT_A_SHOP = frozenset({SceneKind.POSTER, SceneKind.NFC, SceneKind.PAYMENT})


@dataclass(frozen=True, slots=True)
class Scene:
    """A place or moment where people meet the network; without a shop it is the network's own."""

    id: UUID
    kind: str
    name: str
    shop_id: UUID | None
    merchant_id: UUID | None
    token: str
    made_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Touch:
    """One meeting of a person, known or not, with a scene."""

    id: UUID
    scene_id: UUID
    shop_id: UUID | None
    subject_id: UUID | None
    touched_at: datetime


def check_place(kind: SceneKind, shop_id: UUID | None) -> None:
    """Raise `SceneNeedsShop` for a poster, tag or payment without a shop."""
    if kind in _AT_A_SHOP and shop_id is None:
        raise SceneNeedsShop(kind=kind.value)


def check_touch(scene: Scene, touched_at: datetime, now: datetime) -> None:
    """Raise `SceneRetired` for a scene that was taken down before, `TouchInFuture` for a clock that runs ahead."""
    if touched_at > now + _CLOCK_SLACK:
        raise TouchInFuture(touched_at=touched_at.isoformat())
    if scene.retired_at is not None and touched_at >= scene.retired_at:
        raise SceneRetired(scene_id=str(scene.id))


def scene_url(public_url: str, token: str) -> str:
    """Return the address that a scene's code, tag or link opens."""
    return f"{public_url.rstrip('/')}/s/{token}"
