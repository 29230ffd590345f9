"""Tribes are told in plain words of both languages."""

from ringmain.segment.behaviour import KEYS, Column, Side
from ringmain.segment.finding import Lift, RuleCondition
from ringmain.segment.words import condition_words, lift_words, name_words, rule_words

TEA, EVENING = Column(Side.CATEGORY, "tea"), Column(Side.PART, "evening")
DEAR = Column(Side.SPEND, "high")


def test_a_rule_is_one_sentence() -> None:
    """One to three conditions, each a share of visits."""
    rule = [RuleCondition(TEA, True, 40), RuleCondition(EVENING, True, 30), RuleCondition(DEAR, False, 10)]
    assert rule_words(rule[:1], "en") == "Of all visits, at least 40% are for tea."
    assert rule_words(rule, "en") == (
        "Of all visits, at least 40% are for tea, at least 30% are in the evening "
        "and at most 10% are among the dearer third of their kind."
    )
    assert rule_words(rule[:2], "zh") == "在全部到店中，至少 40% 去「tea」，至少 30% 在晚间。"
    assert (rule_words([], "en"), rule_words([], "zh")) == ("There is no rule.", "没有规则。")


def test_names_and_what_sets_apart() -> None:
    """A tribe is called after what it stands out in, two things where one is taken; shares stand beside everybody's."""
    assert (name_words([TEA], "en"), name_words([TEA, EVENING], "zh")) == ("Tea", "Tea · 晚间")
    lift = Lift(EVENING, 61.7, 32.2)
    assert lift_words(lift, "en") == "62% of visits in the evening, beside 32% of everybody's"
    assert lift_words(lift, "zh") == "62% 的到店在晚间（全体为 32%）"


def test_categories_are_called_as_whoever_shows_them_calls_them() -> None:
    """Pages know the usual names of kinds of shops in both languages; without one a category stays as shops have it."""

    def naming(category: str, language: str) -> str:
        return "茶馆" if (category, language) == ("tea", "zh") else category

    assert name_words([TEA, EVENING], "zh", naming) == "茶馆 · 晚间"
    assert rule_words([RuleCondition(TEA, True, 40)], "zh", naming) == "在全部到店中，至少 40% 去「茶馆」。"
    assert lift_words(Lift(TEA, 40.0, 20.0), "zh", naming) == "40% 的到店去「茶馆」（全体为 20%）"
    assert condition_words(TEA, "en", naming) == "for tea"


def test_every_column_has_words_in_both_languages() -> None:
    """Whatever a tribe may stand out in can be said."""
    columns = [Column(side, key) for side, keys in KEYS.items() for key in keys]
    for column in columns:
        assert condition_words(column, "en").isascii()
        assert not condition_words(column, "zh").isascii()
        assert name_words([column], "en") != column.key
        assert not name_words([column], "zh").isascii()
    assert len(columns) == 12
