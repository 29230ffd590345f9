"""Tests of the words of messages."""

import string
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ringmain.kit.pure.money import Money
from ringmain.message.errors import MessageParameters
from ringmain.message.model import Purpose
from ringmain.message.texts import _TEXTS, Template, Value, check_parameters, render

LINK = "https://ring.example/u/abc"


@pytest.mark.parametrize("template", Template)
def test_every_template_says_the_same_in_both_languages(template: Template) -> None:
    """Both languages use the same parameters, and name the network that speaks."""
    fields = [
        {name for _, name, _, _ in string.Formatter().parse(_TEXTS[template, language][1]) if name}
        for language in ("en", "zh")
    ]
    assert fields[0] == fields[1] == template.parameters | {"network"}


def test_a_code_is_read_and_copied_easily() -> None:
    """The digits come first, so that phones offer to copy them."""
    texts = [render(Template.ONE_TIME_CODE, language, "Old Town", {"code": "012345"}) for language in ("en", "zh")]
    assert texts[0].body == "012345 is your Old Town code. It is good for 5 minutes. Never tell it to anybody."
    assert texts[1].body == "012345 是您的Old Town验证码，5分钟内有效。请勿告诉任何人。"


@pytest.mark.parametrize(
    ("language", "body"),
    [
        ("en", "Old Town: a voucher for you: CN¥8 at Tea, good until Mar 2, 2026. https://ring.example/v/1"),
        ("zh", "【Old Town】您获得Tea的券：¥8，2026年3月2日前有效。https://ring.example/v/1"),
    ],
)
def test_amounts_and_days_are_written_as_the_reader_writes_them(language: str, body: str) -> None:
    """Who sends does not know the reader's language; the day is the network's, which may be tomorrow's."""
    late = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
    given: dict[str, Value] = {
        "value": Money(800, "CNY"),
        "shop": "Tea",
        "ends": late,
        "link": "https://ring.example/v/1",
    }
    text = render(Template.VOUCHER_WON, language, "Old Town", given, zone=ZoneInfo("Asia/Shanghai"))
    assert text.body == body


@pytest.mark.parametrize(
    ("money", "written"),
    [(Money(850, "CNY"), "¥8.50"), (Money(800, "JPY"), "JP¥800"), (Money(1_234_500, "EUR"), "€12,345。")],
)
def test_only_broken_amounts_have_decimals(money: Money, written: str) -> None:
    """Each letter of a text message counts."""
    words: dict[str, Value] = {"shop": "Tea", "amount": money, "link": LINK}
    assert written in render(Template.RECEIPT, "zh", "Old Town", words).body


def test_marketing_says_how_to_stop_it() -> None:
    """The last line holds the link."""
    words = {"value": "8", "shop": "Tea {x}", "ends": "Sunday", "link": "https://ring.example/v/1"}
    text = render(Template.VOUCHER_ENDS, "zh", "Old Town", words, LINK)
    assert text.body == f"【Old Town】您在Tea {{x}}的8代金券将于Sunday到期。https://ring.example/v/1\n退订：{LINK}"


def test_what_nobody_asked_for_is_marketing() -> None:
    """A template knows what it is for, so that nobody can send marketing as a receipt."""
    selling = {one for one in Template if one.purpose is Purpose.MARKETING}
    assert selling == {Template.VOUCHER_ENDS, Template.VOUCHER_GIVEN}


@pytest.mark.parametrize(
    "parameters", [{}, {"code": "1", "more": "2"}, {"code": ""}, {"code": "1\n2"}, {"code": "x" * 201}, {"kode": "1"}]
)
def test_parameters_that_do_not_fit_are_refused(parameters: dict[str, str]) -> None:
    """Neither missing nor unknown ones, nor values that would look like another message."""
    with pytest.raises(MessageParameters):
        check_parameters(Template.ONE_TIME_CODE, parameters)
