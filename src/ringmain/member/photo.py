"""A person's photo: encoded again by ourselves, sealed with their key, shown to them and where they agreed to it."""

import io
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from PIL import Image, ImageOps

from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.member.attach import person
from ringmain.member.consent import consented
from ringmain.member.errors import PhotoInvalid, PhotoNeedsConsent, PhotoUnknown
from ringmain.member.identify import Known
from ringmain.member.keys import data_key, key_row
from ringmain.member.model import Purpose
from ringmain.member.store import own_data, people

PHOTO_EDGE = 256
PHOTO_TYPE = "image/jpeg"
LARGEST_PHOTO_BYTES = 5 * 1024 * 1024
_FORMATS = ("JPEG", "PNG", "WEBP")
# What a telephone takes. A JPEG is read at a fraction of its size; the others have to be unpacked whole.
_MOST_PIXELS = {"JPEG": 50_000_000, "PNG": 16_000_000, "WEBP": 16_000_000}
_QUALITY = 82
_FIELD = "photo"


@dataclass(frozen=True, slots=True)
class Photo:
    """A JPEG of 256 by 256, and since when there is it."""

    jpeg: bytes
    taken_at: datetime


def prepare_photo(data: bytes) -> bytes:
    """Return a picture as a square JPEG of 256 pixels without metadata. Raises `PhotoInvalid`.

    The size is read from the header and judged before anything is unpacked. It takes some ten milliseconds of
    computing: call it in a thread.
    """
    if not 0 < len(data) <= LARGEST_PHOTO_BYTES:
        raise PhotoInvalid(bytes=len(data))
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            width, height = image.size
            if width * height > _MOST_PIXELS[str(image.format)] or not width or not height:
                raise PhotoInvalid(width=width, height=height)
            image.draft("RGB", (2 * PHOTO_EDGE, 2 * PHOTO_EDGE))
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        # What a decoder makes of a damaged file may quote it: it is neither shown nor chained.
        raise PhotoInvalid from None
    # What shines through becomes white, and a copy of the points alone leaves every note about place and camera behind.
    flat = Image.new("RGB", upright.size, "white")
    flat.paste(upright, mask=upright.getchannel("A"))
    square = ImageOps.fit(flat, (PHOTO_EDGE, PHOTO_EDGE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    square.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()


async def keep_photo(
    uow: UnitOfWork, keyring: Keyring, member_id: UUID, prepared: bytes, taken_by: UUID, *, by_person: bool
) -> Known:
    """Keep a prepared photo in the place of the one before.

    A shop (`by_person` false) may only where the consent to `photo_at_till` is in force. Raises `MemberUnknown` or
    `PhotoNeedsConsent`. Announces `member_told`.
    """
    known = await person(uow, member_id)
    if not by_person and not await consented(uow, [known.subject_id], Purpose.PHOTO_AT_TILL):
        raise PhotoNeedsConsent
    key = data_key(keyring, uow.network_id, await key_row(uow, known.member_id, keep=True))
    sealed = key.seal_bytes(_FIELD, prepared)
    await own_data.keep_photo(uow, own_data.PhotoRow(known.member_id, sealed, await uow.now()), taken_by)
    uow.record("member_told", [known.subject_id])
    return known


async def own_photo(uow: UnitOfWork, keyring: Keyring, member_id: UUID) -> Photo | None:
    """Return a person's photo for themselves, of merged members the newest. Raises `MemberUnknown`."""
    known = await person(uow, member_id)
    group = [row.id for row in await people.group(uow, [known.member_id])]
    rows = await own_data.photos(uow, group)
    keys = await people.keys(uow, group)
    for row in rows:
        if row.member_id in keys:
            key = data_key(keyring, uow.network_id, keys[row.member_id])
            return Photo(key.open_bytes(_FIELD, row.sealed), row.taken_at)
    return None


async def photo_at_till(uow: UnitOfWork, keyring: Keyring, member_id: UUID) -> Photo:
    """Return a person's photo for a till of the network. Raises `PhotoUnknown` where there is none or no consent."""
    known = await person(uow, member_id)
    if await consented(uow, [known.subject_id], Purpose.PHOTO_AT_TILL):
        photo = await own_photo(uow, keyring, known.member_id)
        if photo is not None:
            return photo
    raise PhotoUnknown


async def forget_photo(uow: UnitOfWork, member_id: UUID) -> Known:
    """Delete a person's photo, if there is one. Raises `MemberUnknown`. Announces `member_told`."""
    known = await person(uow, member_id)
    await own_data.forget_photos(uow, [row.id for row in await people.group(uow, [known.member_id])])
    uow.record("member_told", [known.subject_id])
    return known
