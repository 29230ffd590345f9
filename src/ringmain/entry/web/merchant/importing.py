"""Import of sales from a file: upload, say which column is what, check all of it, import; refused rows as a file."""

from starlette.responses import Response

from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.common import N_, attachment, console_of, merchant_id, reading, shown
from ringmain.entry.web.merchant.import_form import MEANINGS, TIMES, columns_of, first_fields, mapping_text
from ringmain.entry.web.merchant.uploads import Upload, Uploads
from ringmain.kit.http import NotFound
from ringmain.kit.pages import PageRoute, Visit
from ringmain.kit.pure.errors import RuleBroken
from ringmain.sale import api as sale

HERE = "/merchant/import"
_MOST_BYTES = 64 << 20
_STATES = {
    "uploaded": N_("Uploaded"),
    "checking": N_("Being checked"),
    "checked": N_("Checked"),
    "running": N_("Being imported"),
    "done": N_("Imported"),
    "failed": N_("Stopped"),
}


def _uploads(visit: Visit) -> Uploads:
    return Uploads(visit.site, visit.network_id, merchant_id(visit))


async def start(visit: Visit) -> Response:
    """Show where a file is chosen, and those of the last days."""
    return await _page(visit, "")


async def upload(visit: Visit) -> Response:
    """Keep a file and lead to its columns."""
    file = visit.form.files.get("file")
    if file is None:
        return await _page(visit, visit.speech.text("Choose a file first."), 422)
    try:
        kept = await _uploads(visit).keep(file)
    except RuleBroken as error:
        problem = error.facts.get("problem", "")
        return await _page(visit, f"{visit.speech.why(error)} ({problem}) {visit.speech.next_step(error)}", 422)
    return visit.go(f"{HERE}/{kept.id}")


async def one(visit: Visit) -> Response:
    """Show one upload: its columns, how far it is, or what came of it."""
    return await _one(visit, await _found(visit))


async def work(visit: Visit) -> Response:
    """Check the file without writing anything, or import it."""
    found, form = await _found(visit), visit.form
    uploads = _uploads(visit)
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
    peek = await uploads.peek(found)
    if not found.works or found.interrupted:
        names = {*first_fields(console, peek)}
        found.fields = {name: form.text(name) for name in names if name in form.values} or found.fields
    try:
        mapping = sale.parse_mapping(mapping_text(console, peek, found.fields))
    except RuleBroken as error:
        return await _one(visit, found, error, 422)
    await uploads.start(found, mapping, dry_run=form.text("do") != "run")
    return visit.go(f"{HERE}/{found.id}")


async def progress(visit: Visit) -> Response:
    """Show how far it is: the part of the page that changes by itself; at the end the whole page is asked for."""
    found = await _found(visit)
    if not found.works or found.interrupted:
        return visit.go(f"{HERE}/{found.id}")
    return visit.page("merchant/import_progress.html", upload=found)


async def rejected(visit: Visit) -> Response:
    """Give the refused rows, each with its line number and the reason."""
    found = await _found(visit)
    path = _uploads(visit).rejected(found)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NotFound from None
    return Response(b"\xef\xbb\xbf" + data, media_type="text/csv; charset=utf-8", headers=attachment("rejected.csv"))


async def _found(visit: Visit) -> Upload:
    found = await _uploads(visit).find(visit.path_id("upload_id"))
    if found is None:
        raise NotFound
    return found


async def _page(visit: Visit, fault: str, status: int = 200) -> Response:
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
    states = {name: visit.speech.text(text) for name, text in _STATES.items()}
    kept = await _uploads(visit).all()
    return shown(visit, "import.html", HERE, console, status, uploads=kept, states=states, fault=fault)


async def _one(visit: Visit, found: Upload, error: RuleBroken | None = None, status: int = 200) -> Response:
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
    peek = await _uploads(visit).peek(found)
    fields = found.fields or first_fields(console, peek)
    fault = None
    if error is not None:
        fault = (visit.speech.why(error), _problem({name: str(value) for name, value in error.facts.items()}))
    elif found.problem:
        rule = RuleBroken.by_code[found.problem]()
        fault = (visit.speech.why(rule), _problem(found.facts))
    return shown(
        visit,
        "import_one.html",
        HERE,
        console,
        status,
        upload=found,
        peek=peek,
        fields=fields,
        columns=columns_of(visit.speech, peek, fields),
        meanings=[
            (name, visit.speech.text(label), visit.speech.text(hint)) for name, (label, hint) in MEANINGS.items()
        ],
        column_choices=[(name, name) for name in peek.columns],
        times=list(TIMES.items()),
        fault=fault,
    )


def _problem(facts: dict[str, str]) -> str:
    return ": ".join(part for part in (facts.get("key", ""), facts.get("problem", "")) if part)


PAGES = (
    PageRoute(path=HERE, audience=MERCHANT, get=start, post=upload, most_bytes=_MOST_BYTES),
    PageRoute(path=f"{HERE}/{{upload_id:uuid}}", audience=MERCHANT, get=one, post=work),
    PageRoute(path=f"{HERE}/{{upload_id:uuid}}/progress", audience=MERCHANT, get=progress),
    PageRoute(path=f"{HERE}/{{upload_id:uuid}}/rejected.csv", audience=MERCHANT, get=rejected),
)
