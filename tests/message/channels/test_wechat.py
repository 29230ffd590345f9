"""Tests of template messages against a server that behaves like WeChat."""

import asyncio
import io
import logging
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ringmain.kit.logs import configure_logs
from ringmain.kit.pure.money import Money
from ringmain.kit.settings import WechatTemplate
from ringmain.message.channels.port import Delivered, NotDelivered, Outgoing
from ringmain.message.channels.tokens import AccessTokens
from ringmain.message.channels.wechat import WechatAccount, WechatTemplates, filled
from ringmain.message.texts import Template, Value
from tests.member.people import Town
from tests.message.wechat import APP_ID, OPENID, SECRET, FakeWechat, problem

VALUES: dict[str, Value] = {
    "shop": "Bakery",
    "value": Money(800, "CNY"),
    "network": "Test street",
    "ends": datetime(2026, 3, 1, 15, 30, tzinfo=UTC),
}
LINK = "https://ring.example/wallet/1?m"


@pytest.fixture
async def wechat() -> AsyncIterator[FakeWechat]:
    """Give a WeChat on this machine."""
    async with FakeWechat() as server:
        yield server


def _message(town: Town, **values: Value) -> Outgoing:
    return Outgoing(
        network_id=town.network_id,
        message_id=uuid.uuid4(),
        address=OPENID,
        title="A voucher for you",
        body="words that WeChat has no place for",
        language="zh",
        link=LINK,
        template=Template.VOUCHER_WON,
        values=VALUES | values,
        zone=ZoneInfo("Asia/Shanghai"),
    )


async def _deliver(town: Town, account: WechatAccount, *messages: Outgoing) -> list[Delivered]:
    channel = WechatTemplates(account, AccessTokens(town.database, town.keyring))
    try:
        return await asyncio.gather(*(channel.deliver(one) for one in messages or [_message(town)]))
    finally:
        await channel.close()


async def _refused(town: Town, account: WechatAccount) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        await _deliver(town, account)
    return caught.value


async def test_a_message_fills_the_fields_of_its_template(town: Town, wechat: FakeWechat) -> None:
    """WeChat's number of it comes back; a repeated one has the same name there, and is shown once."""
    message = _message(town)
    assert await _deliver(town, wechat.account(), message) == [Delivered(str(2**62 + 1))]
    assert wechat.messages == [
        {
            "touser": OPENID,
            "template_id": "won-1",
            "url": LINK,
            "client_msg_id": message.message_id.hex,
            "data": {
                "thing1": {"value": "Bakery"},
                "thing2": {"value": "¥8"},
                "thing3": {"value": "Test street"},
            },
        }
    ]


async def test_the_token_is_kept_sealed_until_it_is_over(town: Town, wechat: FakeWechat) -> None:
    """A restart asks for none, twenty messages at once ask for one, and the database cannot be read for it."""
    await _deliver(town, wechat.account(), *(_message(town) for _ in range(20)))
    await _deliver(town, wechat.account())
    assert (wechat.tokens, wechat.forced, len(wechat.messages)) == (["token-1"], [False], 21)
    (row,) = await town.dump("message_access_token")
    assert "token-1" not in row
    assert b"token-1".hex() not in row
    tokens = AccessTokens(town.database, town.keyring)
    assert await tokens.current(_message(town), APP_ID) == "token-1"
    assert await tokens.current(_message(town), "wx-another") is None
    async with town.unit() as uow:
        await uow.connection.execute("UPDATE message_access_token SET expires_at = '2020-01-01'")
    assert await tokens.current(_message(town), APP_ID) is None


async def test_a_token_that_is_over_is_renewed_once(town: Town, wechat: FakeWechat) -> None:
    """Another's renewal is taken over; only where there is none is one forced; then it is our fault."""
    await _deliver(town, wechat.account())
    wechat.tokens.append("token-of-another-system")
    await _deliver(town, wechat.account(), *(_message(town) for _ in range(5)))
    assert (wechat.forced, len(wechat.messages)) == ([False, False], 6)
    wechat.over = {wechat.tokens[-1]}
    await _deliver(town, wechat.account())
    assert (wechat.forced, len(wechat.messages)) == ([False, False, False, True], 7)
    wechat.answers = [problem(40001), problem(40001)]
    error = await _refused(town, wechat.account())
    assert (error.reason, error.passing, error.provider_code) == ("credentials_refused", False, 40001)
    assert (wechat.answers, len(wechat.messages)) == ([], 7)


@pytest.mark.parametrize(
    ("code", "reason", "passing"),
    [
        (-1, "provider_busy", True),
        (45009, "quota_used_up", True),
        (43004, "not_following", False),
        (40003, "address_invalid", False),
        (40013, "credentials_refused", False),
        (41001, "credentials_refused", False),
        (40164, "our_address_refused", False),
        (40037, "template_unknown", False),
        (47003, "template_mismatch", False),
        (48001, "not_permitted", False),
        (99999, "provider_refused", False),
    ],
)
async def test_errors_become_words_of_ours(
    town: Town, wechat: FakeWechat, code: int, reason: str, passing: bool
) -> None:
    """Busy passes, who has left and what we set up wrong do not; WeChat's sentence is nowhere kept."""
    wechat.answers = [problem(code)]
    error = await _refused(town, wechat.account())
    assert (error.reason, error.passing, error.provider_code, wechat.messages) == (reason, passing, code, [])
    assert OPENID not in repr(error)
    assert error.__cause__ is None


async def test_a_wrong_secret_a_missing_template_and_silence(town: Town, wechat: FakeWechat) -> None:
    """Nothing is sent, and only silence is tried again."""
    wechat.answers = [b"<html>"]
    cases = [
        (wechat.account(), ("provider_failed", True)),
        (wechat.account(secret="wrong", app_id="wx2"), ("credentials_refused", False)),
        (wechat.account(templates={}), ("no_template", False)),
        (wechat.account(url="http://127.0.0.1:1", app_id="wx3"), ("provider_unreachable", True)),
    ]
    for account, expected in cases:
        error = await _refused(town, account)
        assert (error.reason, error.passing) == expected
    wechat.answers = [None]
    error = await _refused(town, wechat.account(timeout_seconds=0.2))
    assert (error.reason, error.passing, wechat.messages) == ("provider_timeout", True, [])


def _field(name: str, value: Value) -> str:
    message = Outgoing(uuid.uuid4(), uuid.uuid4(), OPENID, "", "", "zh", values={"shop": value})
    return filled(name, "shop", replace(message, zone=ZoneInfo("Asia/Shanghai")))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("thing1", "二十个字的店名正好放得下不用再省略什么了", "二十个字的店名正好放得下不用再省略什么了"),
        ("thing1", "二十一个字的店名放不下所以要在最后省略一些字", "二十一个字的店名放不下所以要在最后省略…"),
        ("thing12", "A shop whose name is long", "A shop whose name i…"),
        ("thing1", "A shop whose name   is\nlonger", "A shop whose name i…"),
        ("thing1", "😀" * 11, "😀" * 9 + "…"),
        ("phrase2", "六个字的短语", "六个字的…"),
        ("amount3", Money(120_050, "CNY"), "¥1200.50"),
        ("amount3", Money(120_000, "CNY"), "¥1200"),
        ("time4", VALUES["ends"], "2026年3月1日 23:30"),
        ("date5", VALUES["ends"], "2026年3月1日"),
        ("thing5", VALUES["ends"], "2026年3月1日"),
    ],
)
def test_words_are_cut_to_the_length_of_their_field(name: str, value: Value, expected: str) -> None:
    """Letters beyond the first plane count twice; what is cut ends in an ellipsis; days are those of the network."""
    assert _field(name, value) == expected


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [("character_string1", "9" * 33, "message_too_long"), ("amount1", "9" * 21, "message_too_long")],
)
def test_figures_are_never_cut(name: str, value: str, reason: str) -> None:
    """Half a number is a wrong number: another channel has room for it."""
    with pytest.raises(NotDelivered) as caught:
        _field(name, value)
    assert (caught.value.reason, caught.value.passing) == (reason, False)


def test_a_template_that_asks_for_what_a_message_has_not() -> None:
    """The operator has mapped it wrong."""
    with pytest.raises(NotDelivered, match="template_mismatch"):
        filled("thing1", "amount", Outgoing(uuid.uuid4(), uuid.uuid4(), OPENID, "", "", "zh"))


async def test_no_log_and_no_text_form_holds_who_what_or_secrets(town: Town, wechat: FakeWechat) -> None:
    """At the most talkative level: neither openid nor secret, nor the token that stands in addresses."""
    root, said = logging.getLogger(), io.StringIO()
    before = (list(root.handlers), root.level)
    try:
        configure_logs("debug", "json", said)
        await _deliver(town, wechat.account())
    finally:
        root.handlers[:], level = before
        root.setLevel(level)
    told = said.getvalue() + repr(wechat.account()) + repr(_message(town))
    assert "access_token=***" in told
    for secret in (SECRET, OPENID, "token-1", "Bakery"):
        assert secret not in told


def test_templates_of_the_settings_are_checked() -> None:
    """A field that WeChat does not have, or a value that no message has, is refused at the start."""
    for fields in ({"thing1": "phone"}, {"picture1": "shop"}, {}):
        with pytest.raises(ValueError, match=r"field|at least 1"):
            WechatTemplate(id="x", fields=fields)
