"""Problem documents (RFC 9457), and the rules that the door itself keeps."""

from http import HTTPStatus
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from ringmain.kit.pure.errors import RuleBroken

MEDIA_TYPE = b"application/problem+json"
_ENCODER = msgspec.json.Encoder()


class Problem(Struct, frozen=True):
    """What went wrong and what to do next."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    facts: dict[str, Any]
    instance: str


class NotAuthenticated(RuleBroken):
    """The request carries no valid API key."""

    code = "not_authenticated"
    status = HTTPStatus.UNAUTHORIZED
    next_step = "Send `Authorization: Bearer <API key>` with a key that is neither revoked nor replaced."


class RoleNotAllowed(RuleBroken):
    """The key is valid, but its role may not do this."""

    code = "role_not_allowed"
    status = HTTPStatus.FORBIDDEN
    next_step = "Use a key of one of the roles named in `facts.roles`."


class RouteNotFound(RuleBroken):
    """There is nothing at this path."""

    code = "route_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "Check the path against /v1/openapi.json."


class NotFound(RuleBroken):
    """There is no such thing, or this key may not see it."""

    code = "not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "Check the id; things of other networks and other merchants cannot be seen."


class MethodNotAllowed(RuleBroken):
    """The path exists, but not with this method."""

    code = "method_not_allowed"
    status = HTTPStatus.METHOD_NOT_ALLOWED
    next_step = "Use one of the methods in the `Allow` header."


class BodyTooLarge(RuleBroken):
    """The body is larger than this route takes."""

    code = "body_too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    next_step = "Send at most `facts.limit_bytes` bytes; cut batches into smaller ones."


class MediaTypeNotSupported(RuleBroken):
    """The body is not declared as JSON."""

    code = "media_type_not_supported"
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    next_step = "Send JSON in UTF-8 with `Content-Type: application/json`."


class MalformedJson(RuleBroken):
    """The body is not JSON in UTF-8."""

    code = "malformed_json"
    status = HTTPStatus.BAD_REQUEST
    next_step = "Send one valid JSON document in UTF-8."


class RequestInvalid(RuleBroken):
    """A field is missing, unknown, of the wrong type or out of range."""

    code = "request_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Correct the field named in `facts.field` and send the request again."


class NulCharacter(RuleBroken):
    """A text holds the character NUL, which cannot be stored."""

    code = "nul_character"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Remove the character U+0000 from every text."


class CardNumberRefused(RuleBroken):
    """A text looks like the number of a payment card."""

    code = "card_number_refused"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Send the token that the payment provider gave for the card, never the number; nothing was stored."


class CursorInvalid(RuleBroken):
    """`after` was not given by this list."""

    code = "cursor_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Pass `next` of the page before unchanged, or leave `after` out."


class IdempotencyKeyMissing(RuleBroken):
    """A write came without a key that makes its retries safe."""

    code = "idempotency_key_missing"
    status = HTTPStatus.BAD_REQUEST
    next_step = "Send the header `Idempotency-Key` with a value that is new for each intention (a UUID)."


class IdempotencyKeyInvalid(RuleBroken):
    """The idempotency key has a form that is not accepted."""

    code = "idempotency_key_invalid"
    status = HTTPStatus.BAD_REQUEST
    next_step = "Use 1 to 255 visible ASCII characters in the header `Idempotency-Key`."


class TooManyRequests(RuleBroken):
    """The key, or the address, asked too often."""

    code = "too_many_requests"
    status = HTTPStatus.TOO_MANY_REQUESTS
    next_step = "Wait for the seconds in `Retry-After`, then send the same request with the same key."


class NotAvailable(RuleBroken):
    """The system could not decide now; nothing was kept."""

    code = "unavailable"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    next_step = "Send the same request with the same `Idempotency-Key` again after the seconds in `Retry-After`."


class InternalError(RuleBroken):
    """The software met something it was not made for."""

    code = "internal_error"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    next_step = (
        "Send the same request with the same `Idempotency-Key` again; if it stays, report the id in `instance` to the "
        "operator, who finds it in the log."
    )


class ValueNotStorable(RuleBroken):
    """The database cannot hold a value of the request."""

    code = "value_not_storable"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Use plain text and numbers within the ranges of /v1/openapi.json."


class Titles:
    """Titles of problems, made from their codes once."""

    _known: ClassVar[dict[str, str]] = {}

    @classmethod
    def of(cls, code: str) -> str:
        """Return `Voucher already redeemed` for `voucher_already_redeemed`."""
        title = cls._known.get(code)
        if title is None:
            title = cls._known[code] = code.replace("_", " ").capitalize()
        return title


def problem_of(error: RuleBroken, request_id: str) -> Problem:
    """Return the document of a broken rule; `instance` is the request's id, as in the log."""
    return Problem(
        type=f"urn:ringmain:problem:{error.code}",
        title=Titles.of(error.code),
        status=int(error.status),
        code=error.code,
        detail=_detail(error),
        facts=error.facts,
        instance=f"urn:ringmain:request:{request_id}",
    )


def encoded(problem: Problem) -> bytes:
    """Return the document as JSON."""
    return _ENCODER.encode(problem)


def _detail(error: RuleBroken) -> str:
    """Return what is wrong, where the error says it in the fact `reason`, and the next step."""
    reason = error.facts.get("reason")
    return f"{reason} {error.next_step}" if reason else error.next_step
