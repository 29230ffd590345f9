"""Tests of the rules of messages."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ringmain.message.errors import MessageRulesInvalid, PauseInvalid, PreferencesInvalid
from ringmain.message.model import (
    Address,
    Channel,
    Decision,
    Kind,
    Moment,
    Preferences,
    Purpose,
    Quiet,
    Recipient,
    Refusal,
    Rules,
    check_pause,
    check_preferences,
    check_rules,
    decide,
    due,
    email_address,
    language_of_phone,
    mask_email,
)
from ringmain.message.model.steps import wait_after

SHANGHAI = ZoneInfo("Asia/Shanghai")
# 18:00 in Shanghai.
NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
HERE = Moment(NOW, SHANGHAI)
MARKETING, TRANSACTIONAL = Purpose.MARKETING, Purpose.TRANSACTIONAL
OFFER, RECEIPT = Kind.OFFERS, Kind.RECEIPTS
ONE_A_WEEK = Preferences(per_week=1)


def _person(**more: object) -> Recipient:
    known = {"addresses": (Address(Channel.SMS),), "consented": True, "preferences": Preferences()}
    return Recipient(**(known | more))  # type: ignore[arg-type]  # a test changes what it wants


@pytest.mark.parametrize(
    ("person", "marketing", "transactional"),
    [
        (_person(), None, None),
        (None, Refusal.PERSON_UNKNOWN, Refusal.PERSON_UNKNOWN),
        (_person(consented=False), Refusal.NO_CONSENT, None),
        (_person(addresses=(Address(Channel.SMS, proven=False),)), Refusal.ADDRESS_UNPROVEN, None),
        (_person(addresses=()), Refusal.NO_ADDRESS, Refusal.NO_ADDRESS),
        (_person(preferences=Preferences(())), Refusal.CHANNEL_NONE, Refusal.CHANNEL_NONE),
        (_person(preferences=Preferences((Channel.EMAIL,))), Refusal.NO_ADDRESS, Refusal.NO_ADDRESS),
        (_person(preferences=Preferences(stopped=frozenset({Kind.OFFERS}))), Refusal.KIND_STOPPED, None),
        (_person(preferences=Preferences(stopped=frozenset({Kind.RECEIPTS}))), None, Refusal.KIND_STOPPED),
        (_person(preferences=Preferences(per_week=0)), Refusal.OWN_CAP_WEEK, None),
        (_person(preferences=Preferences(per_week=50), marketing_at=(NOW,)), Refusal.CAP_DAY, None),
        (
            _person(preferences=ONE_A_WEEK, marketing_at=(NOW - timedelta(days=6),)),
            Refusal.OWN_CAP_WEEK,
            None,
        ),
        (_person(preferences=ONE_A_WEEK, marketing_at=(NOW - timedelta(days=7),)), None, None),
        (_person(preferences=Preferences(paused_until=NOW + timedelta(days=1))), Refusal.PAUSED, None),
        (_person(preferences=Preferences(paused_until=NOW)), None, None),
        (_person(marketing_at=(NOW,)), Refusal.CAP_DAY, None),
        (_person(marketing_at=(NOW - timedelta(days=1),)), None, None),
        (_person(marketing_at=tuple(NOW - timedelta(days=age) for age in (1, 2, 6))), Refusal.CAP_WEEK, None),
        (_person(marketing_at=tuple(NOW - timedelta(days=age) for age in (1, 2, 7))), None, None),
    ],
)
def test_who_may_be_sent_what(
    person: Recipient | None, marketing: Refusal | None, transactional: Refusal | None
) -> None:
    """Marketing needs consent, a proven phone, no pause, and room under the caps; a receipt needs an address."""
    assert decide(OFFER, person, Rules(), HERE).refusal is marketing
    assert decide(RECEIPT, person, Rules(), HERE).refusal is transactional


def test_a_simulated_network_sends_nothing() -> None:
    """Whatever a replayed town decides, no real phone rings."""
    elsewhere = Moment(NOW, SHANGHAI, simulated=True)
    assert decide(RECEIPT, _person(), Rules(), elsewhere).refusal is Refusal.NETWORK_SIMULATED


def test_an_allowed_message_goes_now_by_the_chosen_channel() -> None:
    """In the daytime nothing waits."""
    assert decide(OFFER, _person(), Rules(), HERE) == Decision(Channel.SMS, NOW)


@pytest.mark.parametrize(
    ("local", "until"),
    [
        ("2026-03-01 20:59", "2026-03-01 20:59"),
        ("2026-03-01 21:00", "2026-03-02 09:00"),
        ("2026-03-01 23:59", "2026-03-02 09:00"),
        ("2026-03-02 00:00", "2026-03-02 09:00"),
        ("2026-03-02 08:59", "2026-03-02 09:00"),
        ("2026-03-02 09:00", "2026-03-02 09:00"),
    ],
)
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "UTC"])
def test_marketing_waits_out_the_night_of_the_network(local: str, until: str, zone: str) -> None:
    """Within quiet hours marketing waits for their end, in local time; everything else goes at once."""
    here = ZoneInfo(zone)
    now = datetime.fromisoformat(local).replace(tzinfo=here)
    moment = Moment(now.astimezone(UTC), here)
    assert due(MARKETING, Rules(), moment) == datetime.fromisoformat(until).replace(tzinfo=here)
    assert due(TRANSACTIONAL, Rules(), moment) == now


def test_quiet_hours_keep_local_time_when_clocks_change() -> None:
    """The night of the change to summer time is an hour shorter, and ends at nine all the same."""
    berlin = ZoneInfo("Europe/Berlin")
    late = datetime(2026, 3, 28, 21, 30, tzinfo=berlin)
    ends = due(MARKETING, Rules(), Moment(late.astimezone(UTC), berlin))
    assert ends is not None
    assert ends == datetime(2026, 3, 29, 7, 0, tzinfo=UTC)
    assert ends - late.astimezone(UTC) == timedelta(hours=10, minutes=30)


def test_a_message_at_night_counts_for_the_day_on_which_it_is_sent() -> None:
    """What was made late and goes in the morning uses up the morning's day."""
    night = Moment(NOW + timedelta(hours=4), SHANGHAI)
    morning = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    assert decide(OFFER, _person(marketing_at=(NOW,)), Rules(), night) == Decision(Channel.SMS, morning)
    again = decide(OFFER, _person(marketing_at=(NOW, morning)), Rules(), night)
    assert again.refusal is Refusal.CAP_DAY


@pytest.mark.parametrize(("quiet_from", "quiet_until", "quiet"), [(0, 0, False), (600, 1200, True), (1200, 600, False)])
def test_quiet_hours_may_lie_in_the_day_or_be_none(quiet_from: int, quiet_until: int, quiet: bool) -> None:
    """Equal ends mean never; ends in order lie within one day."""
    rules = Rules(quiet_from=quiet_from, quiet_until=quiet_until)
    assert (due(MARKETING, rules, HERE) != NOW) == quiet


@pytest.mark.parametrize("rules", [Rules(2, 1), Rules(-1, 3), Rules(quiet_from=1440), Rules(quiet_until=-1)])
def test_rules_that_contradict_themselves_are_refused(rules: Rules) -> None:
    """More a day than a week, or a minute that no day has."""
    with pytest.raises(MessageRulesInvalid):
        check_rules(rules)


# Own quiet hours, the network's zone and the person's, the moment, and when a message and a receipt may go.
_HOURS = [
    # Beside the network's night (21 to 9) the person's morning: the later end counts, a receipt waits for the own one.
    (Quiet(480, 660), "UTC", None, "2026-03-01 08:30", "2026-03-01 11:00", "2026-03-01 11:00"),
    # They meet end to end: from the one straight into the other.
    (Quiet(540, 720), "UTC", None, "2026-03-01 22:00", "2026-03-02 12:00", "2026-03-01 22:00"),
    # Across midnight, longer than the network's on both sides.
    (Quiet(1200, 600), "UTC", None, "2026-03-01 20:00", "2026-03-02 10:00", "2026-03-02 10:00"),
    (Quiet(1200, 600), "UTC", None, "2026-03-02 09:59", "2026-03-02 10:00", "2026-03-02 10:00"),
    (Quiet(1200, 600), "UTC", None, "2026-03-02 10:00", "2026-03-02 10:00", "2026-03-02 10:00"),
    (Quiet(1200, 600), "UTC", None, "2026-03-01 19:59", "2026-03-01 19:59", "2026-03-01 19:59"),
    # Where the person is, their night counts: 22 to 7 in New York is 3 to 12 of this day in UTC.
    (Quiet(1320, 420), "UTC", "America/New_York", "2026-03-01 10:00", "2026-03-01 12:00", "2026-03-01 12:00"),
    # The night in which clocks go forward is an hour shorter, and ends at the same time of day.
    (Quiet(1380, 600), "Europe/Berlin", None, "2026-03-28 23:30", "2026-03-29 10:00", "2026-03-29 10:00"),
    # An end that this day does not have: half past two is half past three.
    (Quiet(1380, 150), "Europe/Berlin", None, "2026-03-29 00:30", "2026-03-29 09:00", "2026-03-29 03:30"),
    # In the night in which clocks go back, an end that comes twice: the first one; between both it is quiet once more.
    (Quiet(1380, 150), "Europe/Berlin", None, "2026-10-25 01:30", "2026-10-25 09:00", "2026-10-25 02:30"),
    (Quiet(1380, 150), "Europe/Berlin", None, "2026-10-25 02:10 second", "2026-10-25 09:00", "2026-10-25 02:30 second"),
]


@pytest.mark.parametrize(("own", "zone", "own_zone", "at", "offer", "receipt"), _HOURS)
def test_own_quiet_hours_come_on_top_of_the_networks(
    own: Quiet, zone: str, own_zone: str | None, at: str, offer: str, receipt: str
) -> None:
    """The network's hours hold for marketing, the person's for everything, each in its own time, as it changes."""
    here = ZoneInfo(zone)

    def moment(text: str) -> datetime:
        day, _, second = text.partition(" second")
        local = datetime.fromisoformat(day).replace(tzinfo=here, fold=int(" second" in text))
        assert second == ""
        return local.astimezone(UTC)

    person = _person(preferences=Preferences(quiet=own), own_zone=ZoneInfo(own_zone) if own_zone else None)
    now = Moment(moment(at), here)
    assert due(MARKETING, Rules(), now, person) == moment(offer)
    assert due(TRANSACTIONAL, Rules(), now, person) == moment(receipt)


def test_hours_that_leave_no_time_refuse_marketing_and_cannot_be_chosen() -> None:
    """Nine to nine at night beside nine to nine in the day: an answer instead of a wait for ever."""
    never = Preferences(quiet=Quiet(9 * 60, 21 * 60))
    refusals = [decide(kind, _person(preferences=never), Rules(), HERE).refusal for kind in (OFFER, RECEIPT)]
    assert refusals == [Refusal.NO_HOUR, None]
    almost = Preferences(quiet=Quiet(9 * 60, 21 * 60 - 1))
    assert check_preferences(almost, Rules(), HERE, None) == almost
    assert decide(OFFER, _person(preferences=almost), Rules(), HERE).due_at == NOW + timedelta(hours=2, minutes=59)


@pytest.mark.parametrize(
    "wrong",
    [
        Preferences(quiet=Quiet(9 * 60, 21 * 60)),
        Preferences(quiet=Quiet(0, 1440)),
        Preferences((Channel.SMS, Channel.SMS)),
        Preferences((Channel.NONE,)),
        Preferences(per_week=51),
        Preferences(per_week=-1),
        Preferences(stopped=frozenset({Kind.SERVICE})),
    ],
)
def test_wishes_that_contradict_themselves_are_refused(wrong: Preferences) -> None:
    """No time left, no such minute, a channel twice, a number that no week has, or codes that must always come."""
    with pytest.raises(PreferencesInvalid):
        check_preferences(wrong, Rules(), HERE, None)


def test_channels_are_tried_in_the_order_of_the_person() -> None:
    """What is not confirmed is passed over for marketing; what was not chosen is not used at all."""
    both = (Address(Channel.SMS, proven=False), Address(Channel.EMAIL))
    assert _person(addresses=both).ways(OFFER) == (Channel.EMAIL,)
    assert _person(addresses=both).ways(RECEIPT) == (Channel.SMS, Channel.EMAIL)
    mail_first = Preferences((Channel.EMAIL, Channel.SMS))
    assert _person(addresses=both, preferences=mail_first).ways(RECEIPT) == (Channel.EMAIL, Channel.SMS)
    assert _person(addresses=both, preferences=Preferences((Channel.SMS,))).ways(OFFER) == ()


def test_rules_that_forbid_all_marketing_are_rules() -> None:
    """A network may send none at all."""
    rules = check_rules(Rules(0, 0))
    assert decide(OFFER, _person(), rules, HERE).refusal is Refusal.CAP_DAY


@pytest.mark.parametrize("ends", [NOW, NOW - timedelta(days=1), NOW + timedelta(days=367)])
def test_a_pause_ends_within_a_year(ends: datetime) -> None:
    """A pause of the past means nothing, and one of years means `none`."""
    with pytest.raises(PauseInvalid):
        check_pause(ends, NOW)
    assert check_pause(NOW + timedelta(days=30), NOW) == NOW + timedelta(days=30)
    assert check_pause(None, NOW) is None


def test_tries_wait_longer_each_time_and_end() -> None:
    """Six tries within about five minutes."""
    waits = [wait_after(tries) for tries in range(1, 7)]
    assert [wait and wait.total_seconds() for wait in waits] == [10, 20, 40, 80, 160, None]


@pytest.mark.parametrize("good", ["anna@example.org", "a.b+c@mail.example.co.uk", "o'hara@example.org"])
def test_an_address_is_taken_with_its_domain_in_small_letters(good: str) -> None:
    """The part before the @ is its server's business."""
    local, _, domain = good.partition("@")
    assert email_address(f" {local}@{domain.upper()} ") == good


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "anna",
        "anna@",
        "@example.org",
        "anna@example",
        "a b@example.org",
        "a@b@example.org",
        "a@example.org\nBcc: b",
        "Anna <anna@example.org>",
        "a..b@example.org",
        "a" * 250 + "@example.org",
        "ä@example.org",
        "a@example.org,b@c.de",
    ],
)
def test_what_is_no_single_address_is_refused(bad: str) -> None:
    """Above all what a mail's header would read as more than one address."""
    assert email_address(bad) is None


def test_little_of_an_address_is_shown() -> None:
    """Its owner knows it again, nobody else does."""
    assert mask_email("anna@example.org") == "a***@example.org"


def test_the_language_of_an_unknown_phone_is_its_countrys() -> None:
    """Numbers of China are addressed in Chinese."""
    assert [language_of_phone(phone) for phone in ("+8613800138000", "+14155552671")] == ["zh", "en"]
