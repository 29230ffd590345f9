"""Forms as browsers send them: fields and files, within limits, each name once unless a list is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from uuid import UUID

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from ringmain.kit.http.body import check_texts
from ringmain.kit.pure.errors import RuleBroken

MOST_BYTES = 64 * 1024
_MOST_FIELDS = 400
# So many digits fit into the columns and into what browsers hold exactly.
_MOST_DIGITS = 15
_MOST_WHOLE_DIGITS = 12


class FormUnreadable(RuleBroken):
    """The form is larger than it may be, or is not in the form that browsers send."""

    code = "form_unreadable"
    status = HTTPStatus.BAD_REQUEST
    next_step = "Open the page again and send the form from there; send a smaller file."


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent: texts without outer space, and files by the name of their field."""

    values: Mapping[str, Sequence[str]]
    files: Mapping[str, UploadFile] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a field, empty where it was left out."""
        found = self.values.get(name, ())
        return found[0] if found else ""

    def all(self, name: str) -> list[str]:
        """Return every value of a field: ticked boxes, several choices."""
        return list(self.values.get(name, ()))

    def ticked(self, name: str) -> bool:
        """Say whether a box is ticked."""
        return bool(self.text(name))

    def id(self, name: str) -> UUID | None:
        """Return a field as an id, or None where it is none."""
        try:
            return UUID(self.text(name))
        except ValueError:
            return None

    def whole(self, name: str) -> int | None:
        """Return a field as a whole number, or None where it is none."""
        text = self.text(name).replace(",", "").replace(" ", "")
        return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None

    def minor(self, name: str, precision: int = 2) -> int | None:
        """Return an amount of money as its minor units, or None where it is none: `86`, `86.5`, `1,086.50`."""
        text = self.text(name).replace(" ", "")
        if "." not in text and text.count(",") == 1 and len(text.rpartition(",")[2]) == precision:
            text = text.replace(",", ".")
        whole, _, part = text.replace(",", "").partition(".")
        is_number = (whole + part).isdecimal() and len(part) <= precision and len(whole) <= _MOST_WHOLE_DIGITS
        if not is_number:
            return None
        return int((whole or "0") + part.ljust(precision, "0"))


async def read_form(request: Request, most_bytes: int = MOST_BYTES) -> Form:
    """Read the form of a request; a field whose text is a card number is refused like anywhere else.

    Raises `FormUnreadable`, and `CardNumberRefused` (kit.http) for such a text.
    """
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > most_bytes:
        raise FormUnreadable(most_bytes=most_bytes)
    values: dict[str, list[str]] = {}
    files: dict[str, UploadFile] = {}
    try:
        form = await request.form(max_files=1, max_fields=_MOST_FIELDS, max_part_size=MOST_BYTES)
    except MultiPartException:
        raise FormUnreadable(most_bytes=most_bytes) from None
    for name, value in form.multi_items():
        if isinstance(value, str):
            values.setdefault(name, []).append(value.strip())
        elif value.filename:
            files[name] = value
    check_texts([text for texts in values.values() for text in texts])
    return Form(values, files)
