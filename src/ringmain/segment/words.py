"""Tribes in plain words, English and Chinese: what they are called, their rule, and what sets them apart."""

from collections.abc import Callable, Sequence
from typing import Final, Literal

from ringmain.segment.behaviour import Column
from ringmain.segment.finding import Lift, RuleCondition

Language = Literal["en", "zh"]
# Calls a category of shops in a language.
Naming = Callable[[str, str], str]

# By column: what a tribe is called by it, and how a share of visits is said to be so; English, then Chinese.
_NAMES: Final[dict[str, tuple[str, str]]] = {
    "part:night": ("Nights", "深夜"),
    "part:morning": ("Mornings", "早晨"),
    "part:midday": ("Middays", "午间"),
    "part:afternoon": ("Afternoons", "下午"),
    "part:evening": ("Evenings", "晚间"),
    "week:weekday": ("Working days", "工作日"),
    "week:weekend": ("Weekends", "周末"),
    "spend:low": ("Small purchases", "小额消费"),
    "spend:middle": ("Middling purchases", "中等消费"),
    "spend:high": ("Large purchases", "大额消费"),
    "shops:new": ("Somewhere new", "爱尝新店"),
    "shops:known": ("Regulars", "常去老店"),
}
_SAID: Final[dict[str, tuple[str, str]]] = {
    "part:night": ("at night", "在深夜"),
    "part:morning": ("in the morning", "在早晨"),
    "part:midday": ("around midday", "在午间"),
    "part:afternoon": ("in the afternoon", "在下午"),
    "part:evening": ("in the evening", "在晚间"),
    "week:weekday": ("on working days", "在工作日"),
    "week:weekend": ("at the weekend", "在周末"),
    "spend:low": ("among the cheaper third of their kind", "属于同类中花费较少的三分之一"),
    "spend:middle": ("among the middle third of their kind", "属于同类中花费居中的三分之一"),
    "spend:high": ("among the dearer third of their kind", "属于同类中花费较多的三分之一"),
    "shops:new": ("to a shop for the first time", "是第一次去的店"),
    "shops:known": ("to a shop they knew", "是去过的店"),
}


def as_shops_say(category: str, _language: str) -> str:
    """Return a category as shops have it."""
    return category


def name_words(name: Sequence[Column], language: Language, naming: Naming = as_shops_say) -> str:
    """Return what a tribe is called."""
    return " · ".join(_name(column, language, naming) for column in name)


def rule_words(rule: Sequence[RuleCondition], language: Language, naming: Naming = as_shops_say) -> str:
    """Return a rule as one sentence about visits."""
    clauses = [_clause(one, language, naming) for one in rule]
    if not clauses:
        return "没有规则。" if language == "zh" else "There is no rule."
    if language == "zh":
        return f"在全部到店中，{'，'.join(clauses)}。"
    *before, last = clauses
    return f"Of all visits, {', '.join(before)} and {last}." if before else f"Of all visits, {last}."


def condition_words(column: Column, language: Language, naming: Naming = as_shops_say) -> str:
    """Return how a share of visits is said to be so: "in the evening", "for tea"."""
    known = _SAID.get(column.name)
    if known is not None:
        return known[language == "zh"]
    category = naming(column.key, language)
    return f"去「{category}」" if language == "zh" else f"for {category}"


def lift_words(lift: Lift, language: Language, naming: Naming = as_shops_say) -> str:
    """Return one thing that sets a tribe apart."""
    own, everybody = round(lift.per_cent), round(lift.everybody)
    what = condition_words(lift.column, language, naming)
    if language == "zh":
        return f"{own}% 的到店{what}（全体为 {everybody}%）"
    return f"{own}% of visits {what}, beside {everybody}% of everybody's"


def _name(column: Column, language: Language, naming: Naming) -> str:
    known = _NAMES.get(column.name)
    if known is not None:
        return known[language == "zh"]
    category = naming(column.key, language)
    return category[:1].upper() + category[1:]


def _clause(one: RuleCondition, language: Language, naming: Naming) -> str:
    said = condition_words(one.column, language, naming)
    if language == "zh":
        return f"{'至少' if one.at_least else '至多'} {one.per_cent}% {said}"
    return f"{'at least' if one.at_least else 'at most'} {one.per_cent}% are {said}"
