"""What hangs at a merchant's doors: posters, table stands and tags, made, printed, and taken down."""

from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.common import N_, Console, Draft, console_of, merchant_id, reading, shown
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Visit
from ringmain.scene import api as scene

HERE = "/merchant/print"
_MOST = 200
_MOST_ON_PAPER = 40
KINDS = {"poster": N_("Poster with a code"), "nfc": N_("NFC tag")}


async def scenes(visit: Visit) -> Response:
    """Show what hangs where."""
    return await _page(visit, Draft({"kind": "poster", "name": visit.speech.text("Door")}))


async def place(visit: Visit) -> Response:
    """Put a poster or a tag up."""
    form, own = visit.form, merchant_id(visit)
    name, kind, shop_id = form.text("name"), form.text("kind"), form.id("shop_id")
    draft = Draft({"name": name, "kind": kind})
    if not name:
        draft.faults["name"] = visit.speech.text("Say where it hangs, such as Door or Table 4.")
    if shop_id is None:
        draft.faults["shop_id"] = visit.speech.text("Choose the shop.")
    if draft.faults or kind not in KINDS:
        return await _page(visit, draft, 422)

    async def act(uow: UnitOfWork) -> UUID:
        new = scene.NewScene(scene.SceneKind(kind), name, shop_id)
        return (await scene.place_scenes(uow, [new], own))[0].id

    made = await visit.once("page place scene", act, UUID)
    return visit.go(f"{HERE}/{made}" if kind == "nfc" else f"{HERE}/paper?ids={made}")


async def paper(visit: Visit) -> Response:
    """Show sheets of A4 to print: four posters each, or with `form=stand` two table stands to be folded."""
    ids = [UUID(text) for text in visit.request.query_params.getlist("ids")[:_MOST_ON_PAPER] if _is_id(text)]
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
        found = await scene.scenes(uow, ids, merchant_id(visit))
    stand = visit.query("form") == "stand"
    size = 2 if stand else 4
    posters = [_poster(visit, console, one) for one in found]
    pages = [posters[first : first + size] for first in range(0, len(posters), size)]
    return visit.page("merchant/paper.html", console=console, pages=pages, stand=stand, ids=ids)


async def tag(visit: Visit) -> Response:
    """Show what is written on a tag, and how."""
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
        found = await scene.scene(uow, visit.path_id("scene_id"), merchant_id(visit))
    link = scene.scene_url(visit.base_url, found.token)
    data = scene.ndef_message(link)
    return shown(visit, "tag.html", HERE, console, scene=found, link=link, data=data.hex(" ").upper(), size=len(data))


async def tag_file(visit: Visit) -> Response:
    """Give the bytes for a tag as a file."""
    async with reading(visit) as uow:
        found = await scene.scene(uow, visit.path_id("scene_id"), merchant_id(visit))
    data = scene.ndef_message(scene.scene_url(visit.base_url, found.token))
    return visit.file(data, "application/octet-stream", "tag.ndef")


async def retire(visit: Visit) -> Response:
    """Take one down: its code opens nothing more."""
    scene_id, own = visit.path_id("scene_id"), merchant_id(visit)

    async def act(uow: UnitOfWork) -> UUID:
        return (await scene.retire_scene(uow, scene_id, own)).id

    await visit.once("page retire scene", act, UUID)
    return visit.go(HERE)


def _poster(visit: Visit, console: Console, one: scene.Scene) -> dict[str, str]:
    link = scene.scene_url(visit.base_url, one.token)
    return {"shop": console.shop_name(one.shop_id), "name": one.name, "link": link}


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


async def _page(visit: Visit, draft: Draft, status: int = 200) -> Response:
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
        found = await scene.at_shops(uow, [shop.id for shop in console.shops], _MOST)
    up = [one for one in found if one.retired_at is None]
    kinds = {name: visit.speech.text(text) for name, text in KINDS.items()}
    return shown(visit, "print.html", HERE, console, status, scenes=up, kinds=kinds, draft=draft)


PAGES = (
    PageRoute(path=HERE, audience=MERCHANT, get=scenes, post=place),
    PageRoute(path=f"{HERE}/paper", audience=MERCHANT, get=paper),
    PageRoute(path=f"{HERE}/{{scene_id:uuid}}", audience=MERCHANT, get=tag),
    PageRoute(path=f"{HERE}/{{scene_id:uuid}}/tag.ndef", audience=MERCHANT, get=tag_file),
    PageRoute(path=f"{HERE}/{{scene_id:uuid}}/retire", audience=MERCHANT, post=retire),
)
