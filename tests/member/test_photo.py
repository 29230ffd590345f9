"""Tests of photos: encoded again without metadata, sealed, erased with their member, shown where that was agreed."""

import io
import zlib
from base64 import b64encode
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from ringmain.kit.secrets import SealBroken
from ringmain.member import api
from ringmain.member.api import Answer, IdentifierKind, Place, Purpose
from ringmain.member.errors import MemberUnknown, PhotoInvalid, PhotoNeedsConsent, PhotoUnknown
from tests.member.doors import clients
from tests.member.people import NOW, OPERATOR, PHONE, Town

SECRET_PLACE = "31.2304 N, 121.4737 E"


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480), **more: Any) -> bytes:
    """Return a picture of two colours, with a note of where it was taken."""
    image = Image.new("RGB", size, "teal")
    image.paste("orange", (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[0x010E] = SECRET_PLACE
    out = io.BytesIO()
    image.save(out, kind, exif=exif, **more)
    return out.getvalue()


async def _keep(town: Town, member_id: UUID, data: bytes | None = None, *, by_person: bool = True) -> None:
    prepared = api.prepare_photo(data or picture())
    async with town.unit() as uow:
        await api.keep_photo(uow, town.keyring, member_id, prepared, OPERATOR, by_person=by_person)


async def _agree(town: Town, member_id: UUID, *, granted: bool = True) -> None:
    async with town.unit() as uow:
        answer = Answer(Purpose.PHOTO_AT_TILL, granted, "2026-01", "zh")
        await api.record_consents(uow, member_id, [answer], Place("till", OPERATOR))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_becomes_a_small_square_without_metadata(kind: str) -> None:
    """256 by 256 whatever came in, the colours in their places, and nothing of what the camera noted."""
    data = picture(kind)
    assert SECRET_PLACE.encode() in data
    prepared = api.prepare_photo(data)
    with Image.open(io.BytesIO(prepared)) as image:
        assert (image.format, image.size, dict(image.getexif())) == ("JPEG", (256, 256), {})
        left, right = image.getpixel((20, 128)), image.getpixel((235, 128))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] > 200
    assert right[0] < 100
    assert SECRET_PLACE.encode() not in prepared
    assert len(prepared) < 20_000


def test_a_picture_that_lies_on_its_side_is_put_upright() -> None:
    """The note about the turn is followed before it is dropped."""
    image = Image.new("RGB", (300, 300), "teal")
    image.paste("orange", (0, 0, 300, 150))
    exif = Image.Exif()
    exif[0x0112] = 3  # Upside down.
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    with Image.open(io.BytesIO(api.prepare_photo(out.getvalue()))) as turned:
        top = turned.getpixel((128, 30))
    assert isinstance(top, tuple)
    assert top[0] < 100


def _bomb(width: int, height: int) -> bytes:
    """Return a PNG of a few hundred bytes whose header promises as many points."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    header = width.to_bytes(4) + height.to_bytes(4) + bytes((8, 2, 0, 0, 0))
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"\0" * 1_000)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        picture()[:500],
        picture("GIF"),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xff" * (api.LARGEST_PHOTO_BYTES + 1),
        _bomb(5_000, 5_000),
        _bomb(12_000, 12_000),
        _bomb(60_000, 60_000),
    ],
    ids=["empty", "text", "cut", "gif", "svg", "too_large", "16_mega", "warned", "bomb"],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    """Other types, damaged files and bombs: refused by the header, before anything is unpacked."""
    with pytest.raises(PhotoInvalid):
        api.prepare_photo(data)


async def test_a_photo_is_sealed_and_dies_with_its_member(town: Town) -> None:
    """The table holds no picture that opens without the member's key; erased, the row is gone and nothing opens it."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    await _keep(town, anna.member_id)
    async with town.unit() as uow:
        photo = await api.own_photo(uow, town.keyring, anna.member_id)
    assert photo is not None
    assert (photo.jpeg, photo.taken_at) == (api.prepare_photo(picture()), NOW)
    ((sealed,),) = await town.rows("SELECT sealed FROM member_photo")
    assert photo.jpeg[:64] not in sealed
    other = town.keyring.new_data_key(town.network_id, anna.member_id)
    with pytest.raises(SealBroken):
        other.open_bytes("photo", sealed)
    async with town.unit() as uow:
        await api.erase(uow, anna.member_id, OPERATOR)
        with pytest.raises(MemberUnknown):
            await api.own_photo(uow, town.keyring, anna.member_id)
    assert await town.count("member_photo") == 0


async def test_a_till_shows_a_photo_only_where_the_person_agreed(town: Town) -> None:
    """Without consent, after its withdrawal and without a photo the till gets the same answer."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)

    async def shown() -> bytes:
        async with town.unit() as uow:
            return (await api.photo_at_till(uow, town.keyring, anna.member_id)).jpeg

    await _agree(town, anna.member_id)
    with pytest.raises(PhotoUnknown):
        await shown()
    await _keep(town, anna.member_id)
    assert await shown() == api.prepare_photo(picture())
    await _agree(town, anna.member_id, granted=False)
    with pytest.raises(PhotoUnknown):
        await shown()
    async with town.unit() as uow:
        assert await api.own_photo(uow, town.keyring, anna.member_id) is not None


async def test_a_shop_keeps_a_photo_only_with_consent(town: Town) -> None:
    """Refused, nothing is kept; with the consent on record it is."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    with pytest.raises(PhotoNeedsConsent):
        await _keep(town, anna.member_id, by_person=False)
    assert await town.count("member_photo") == 0
    await _agree(town, anna.member_id)
    await _keep(town, anna.member_id, by_person=False)
    assert await town.count("member_photo") == 1


async def test_a_merged_member_has_one_photo(town: Town) -> None:
    """The newest of both is shown, and forgetting forgets both."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    card = await town.person(IdentifierKind.CARD_TOKEN, "tok_anna")
    await _keep(town, card.member_id, picture(size=(100, 300)))
    await _keep(town, anna.member_id)
    async with town.unit() as uow:
        await api.merge(uow, card.member_id, anna.member_id, OPERATOR)
        assert await api.own_photo(uow, town.keyring, card.member_id) is not None
        await api.forget_photo(uow, card.member_id)
    assert await town.count("member_photo") == 0


async def test_the_routes_of_a_photo(town: Town) -> None:
    """A till sends picture and consent in one call; every till shows it; operators do not; a retry is one effect."""
    doors = clients(town)
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    path = f"/v1/members/{anna.member_id}/photo"
    body: dict[str, Any] = {"image": b64encode(picture()).decode()}
    refused = await doors["terminal"].call("PUT", path, body)
    assert (refused.status, refused.code) == (409, "photo_needs_consent")
    assert await town.count("member_photo") == 0
    body["consent"] = {"text_version": "2026-01", "language": "zh"}
    for _ in range(2):
        kept = await doors["terminal"].call("PUT", path, body, key="one")
        assert (kept.status, kept.json) == (200, {"member_id": str(anna.member_id), "shown_at_tills": True})
    assert await town.count("consent_record") == 1
    shown = await doors["terminal_2"].get(path)
    assert (shown.status, shown.headers["content-type"], shown.body) == (
        200,
        "image/jpeg",
        api.prepare_photo(picture()),
    )
    assert shown.headers["cache-control"] == "no-store"
    assert (await doors["operator"].get(path)).code == "role_not_allowed"
    bad = await doors["terminal"].call("PUT", path, body | {"image": b64encode(b"no picture").decode()})
    assert (bad.status, bad.code) == (422, "photo_invalid")
    exported = (await doors["operator"].get(f"/v1/members/{anna.member_id}/export")).json
    assert exported["photo_jpeg"] == b64encode(shown.body).decode()
    assert (await doors["terminal"].call("DELETE", path)).status == 200
    assert (await doors["terminal"].get(path)).code == "photo_unknown"
