"""The person's photo: given, looked at, taken away; and whether tills may show it."""

import asyncio

from starlette.responses import Response

from ringmain.entry.web.audiences import MEMBER
from ringmain.entry.web.me.texts import PURPOSES
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Limit
from ringmain.kit.pages import PageRoute, Visit
from ringmain.member import api as member
from ringmain.member.errors import PhotoInvalid

# The picture, and the other fields of the form.
_FORM_BYTES = member.LARGEST_PHOTO_BYTES + 64 * 1024
_PHOTOS = Limit(30, seconds=60, per="address")


async def show(visit: Visit) -> Response:
    """Show the photo and the form for another."""
    return await _page(visit)


async def _page(visit: Visit, error: str = "") -> Response:
    async with visit.unit() as uow:
        photo = await member.own_photo(uow, visit.site.keyring, visit.holder_id)
        known = (await member.subjects(uow, [visit.holder_id]))[0]
        assert known is not None
        agreed = await member.consented(uow, [known.subject_id], member.Purpose.PHOTO_AT_TILL)
    words = PURPOSES[member.Purpose.PHOTO_AT_TILL]
    return visit.page(
        "me/photo.html",
        422 if error else 200,
        photo=photo,
        agreed=bool(agreed),
        words=words,
        error=error,
    )


async def picture(visit: Visit) -> Response:
    """Give the picture itself, to the person alone."""
    async with visit.unit() as uow:
        photo = await member.own_photo(uow, visit.site.keyring, visit.holder_id)
    if photo is None:
        return Response(status_code=404, headers={"cache-control": "no-store"})
    return Response(photo.jpeg, media_type=member.PHOTO_TYPE, headers={"cache-control": "no-store"})


async def upload(visit: Visit) -> Response:
    """Take a photo."""
    file = visit.form.files.get("photo")
    data = await file.read() if file is not None else b""
    try:
        prepared = await asyncio.to_thread(member.prepare_photo, data)
    except PhotoInvalid as error:
        return await _page(visit, visit.speech.next_step(error))

    async def act(uow: UnitOfWork) -> bool:
        await member.keep_photo(uow, visit.site.keyring, visit.holder_id, prepared, visit.holder_id, by_person=True)
        return True

    await visit.once("page: give my photo", act, bool)
    return visit.go("/me/photo")


async def remove(visit: Visit) -> Response:
    """Delete the photo."""

    async def act(uow: UnitOfWork) -> bool:
        await member.forget_photo(uow, visit.holder_id)
        return True

    await visit.once("page: delete my photo", act, bool)
    return visit.go("/me/photo")


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/me/photo", audience=MEMBER, get=show, post=upload, limit=(_PHOTOS,), most_bytes=_FORM_BYTES),
    PageRoute(path="/me/photo.jpg", audience=MEMBER, get=picture),
    PageRoute(path="/me/photo/remove", audience=MEMBER, post=remove),
)
