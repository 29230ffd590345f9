"""What providers call: what became of a message, and what somebody answered to our number."""

import asyncio
import hmac
from datetime import UTC, datetime
from http import HTTPStatus

from starlette.responses import Response

from ringmain.entry.web.audiences import ANYBODY
from ringmain.kit.http import Limit, NotFound
from ringmain.kit.pages import PageRoute, Visit
from ringmain.message import api as message
from ringmain.message.errors import CallbackNotSigned
from ringmain.network import api as network

_LIMIT = (Limit(3_000, seconds=60, per="address"),)
# WeChat may tell before its answer was noted, and waits for ours for five seconds.
PAUSES = (0.0, 1.0, 2.5)
_TAKEN, _LONGEST_ECHO = "success", 200
_SENDER, _WORDS = "From", "Body"
_NOTHING = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


async def report(visit: Visit) -> Response:
    """Take what became of a message; the address names it, and the provider has signed the call."""
    _check(visit)
    network_id, message_id = message.read_report_token(visit.site.keyring, visit.path_text("token"))
    async with visit.unit(network_id) as uow:
        told = message.report_of_sms(message_id, await uow.now(), visit.form.text)
        if told is not None:
            await message.take_reports(uow, visit.site.keyring, [told])
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def answered(visit: Visit) -> Response:
    """Take a text message to our number: STOP ends marketing to its sender in every network, which share the number."""
    _check(visit)
    if message.is_stop_word(visit.form.text(_WORDS)):
        async with visit.site.database.unit(None) as uow:
            networks = await network.all_networks(uow)
        for network_id in networks:
            async with visit.unit(network_id) as uow:
                await message.stop_by_text(uow, visit.site.keyring, visit.form.text(_SENDER))
    return Response(_NOTHING, media_type="text/xml")


async def echo(visit: Visit) -> Response:
    """Give WeChat back what it sends when the operator enters our address there."""
    _check_wechat(visit)
    return Response(visit.query("echostr")[:_LONGEST_ECHO], media_type="text/plain")


async def finished(visit: Visit) -> Response:
    """Take what became of a template message, in whichever network it was sent."""
    call, content = _check_wechat(visit), await visit.request.body()
    async with visit.site.database.unit(None) as uow:
        await message.take_wechat_call(uow, call, content, datetime.now(tz=UTC))
        networks = await network.all_networks(uow)
    told = message.read_wechat_call(content)
    for pause in PAUSES:
        if told is None:
            break
        await asyncio.sleep(pause)
        for network_id in networks:
            async with visit.unit(network_id) as uow:
                if await message.take_finished(uow, visit.site.keyring, told):
                    return Response(_TAKEN, media_type="text/plain")
    return Response(_TAKEN, media_type="text/plain")


def _check_wechat(visit: Visit) -> message.WechatCall:
    """Return a call that is signed. Raises `CallbackNotSigned`; `NotFound` where there is no such account."""
    token = visit.site.settings.wechat_token
    if token is None:
        raise NotFound
    call = message.WechatCall(visit.query("timestamp"), visit.query("nonce"), visit.query("signature"))
    message.check_wechat_call(token.get_secret_value(), call, datetime.now(tz=UTC))
    return call


def _check(visit: Visit) -> None:
    """Raise `CallbackNotSigned` where the provider has not signed this call; `NotFound` where there is none."""
    settings = visit.site.settings
    token = settings.sms_callback_token or (None if settings.sms_key else settings.sms_secret)
    if token is None:
        raise NotFound
    expected = message.signature_of_sms(
        token.get_secret_value(), f"{visit.base_url}{visit.request.url.path}", visit.form.values
    )
    if not hmac.compare_digest(expected, visit.request.headers.get("x-twilio-signature", "")):
        raise CallbackNotSigned


PAGES: tuple[PageRoute, ...] = (
    # The signature stands for session and press: a provider has neither.
    PageRoute(path="/callbacks/sms", audience=ANYBODY, post=answered, limit=_LIMIT, harmless=True),
    PageRoute(path="/callbacks/wechat", audience=ANYBODY, get=echo, post=finished, limit=_LIMIT, harmless=True),
    PageRoute(path="/callbacks/sms/{token}", audience=ANYBODY, post=report, limit=_LIMIT, harmless=True),
)
