"""A segment's rule said back in plain words, English and Chinese."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from babel.numbers import get_currency_precision

from ringmain.member import api as member
from ringmain.segment.behaviour import Column
from ringmain.segment.model import Clause, SegmentRule
from ringmain.segment.words import Language, Naming, as_shops_say, name_words

# Says something that people chose from a list: the words of a question or an answer, in a language.
Saying = Callable[[str, Language], str]
_PARTS: Final[Mapping[str, tuple[str, str]]] = {
    "night": ("at night", "在深夜"),
    "morning": ("in the morning", "在早晨"),
    "midday": ("around midday", "在午间"),
    "afternoon": ("in the afternoon", "在下午"),
    "evening": ("in the evening", "在晚间"),
}
DAY_PARTS = tuple(_PARTS)


def as_asked(words: str, _language: Language) -> str:
    """Return the words of a question or an answer as they stand in the list of questions."""
    return words


def as_code(amount_minor: int, currency: str, _language: Language) -> str:
    """Return an amount with the code of its currency."""
    return f"{Decimal(amount_minor).scaleb(-get_currency_precision(currency))} {currency}"


@dataclass(frozen=True, slots=True)
class Names:
    """What rules name: shops by id, tribes by id (names of columns), and the currency of the network."""

    shops: Mapping[UUID, str]
    tribes: Mapping[UUID, Sequence[str]]
    currency: str


@dataclass(frozen=True, slots=True)
class Manner:
    """How kinds of shops, amounts, questions and answers are called; by default as they are stored."""

    naming: Naming = as_shops_say
    money: Callable[[int, str, Language], str] = as_code
    asking: Saying = as_asked


_PLAIN: Final = Manner()


def said(rule: SegmentRule, language: Language, names: Names, manner: Manner = _PLAIN) -> str:
    """Return a rule as one sentence."""
    clauses = [clause_said(one, language, names, manner) for one in rule.clauses]
    if language == "zh":
        return f"{'来过本店且' if rule.merchant_id else ''}符合全部条件的人：{'；'.join(clauses)}。"
    *before, last = clauses
    whole = f"{', '.join(before)} and {last}" if before else last
    return f"{'Your guests' if rule.merchant_id else 'People'} who {whole}."


def clause_said(one: Clause, language: Language, names: Names, manner: Manner = _PLAIN) -> str:
    """Return one clause, as it follows "people who"."""
    values = _values(one, language, names, manner)
    english, chinese = _SAID[one.kind]
    return (chinese if language == "zh" else english).format(**values)


_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "visits": ("came {limit} {times}{there} in {days}", "{days}内{there}到店{limit} {number} 次"),
    "last_visit": ("came{there} for the last time {days} ago or longer", "上次{there}到店在 {days}以前"),
    "spent": ("spent {limit} {money}{there} in {days}", "{days}内{there}消费{limit} {money}"),
    "first_visit": ("came for the first time in the last {days}", "{days}内首次到店"),
    "bought": ("bought {category} in {days}", "{days}内买过「{category}」"),
    "redeemed": ("used a voucher in {days}", "{days}内用过券"),
    "day_part": ("came {limit} {times} {part} in {days}", "{days}内{part}到店{limit} {number} 次"),
    "tribe": ("are in the group “{tribe}”", "属于人群「{tribe}」"),
    "answer": ("answered “{question}” with “{answer}”", "对「{question}」回答「{answer}」"),
}


def _values(one: Clause, language: Language, names: Names, manner: Manner) -> dict[str, Any]:
    zh = language == "zh"
    number = one.at_least if one.at_least is not None else one.at_most or 0
    days = one.days or 0
    return {
        "limit": ("至少" if one.at_least is not None else "至多")
        if zh
        else ("at least" if one.at_least is not None else "at most"),
        "number": number,
        "times": "once" if number == 1 else f"{number} times",
        "money": manner.money(number, names.currency, language),
        "days": f"{days} 天" if zh else "1 day" if days == 1 else f"{days} days",
        "there": _there(one, language, names, manner),
        "category": manner.naming(one.category or "", language),
        "part": _PARTS.get(one.part or "", ("", ""))[zh],
        "tribe": _tribe(one, language, names, manner),
        **_answer(one, language, manner),
    }


def _there(one: Clause, language: Language, names: Names, manner: Manner) -> str:
    if one.shop_id is not None:
        shop = names.shops.get(one.shop_id, "?")
        return f"在「{shop}」" if language == "zh" else f" to {shop}" if one.kind != "spent" else f" at {shop}"
    if one.category is None:
        return ""
    category = manner.naming(one.category, language)
    return f"在「{category}」类店铺" if language == "zh" else f" for {category}"


def _tribe(one: Clause, language: Language, names: Names, manner: Manner) -> str:
    columns = names.tribes.get(one.tribe_id) if one.tribe_id is not None else None
    return "?" if columns is None else name_words([Column.named(name) for name in columns], language, manner.naming)


def _answer(one: Clause, language: Language, manner: Manner) -> dict[str, str]:
    if one.question is None:
        return {"question": "", "answer": ""}
    question = member.question_of(one.question)
    chosen = next((choice.words for choice in question.choices if choice.value == one.answer), "")
    return {"question": manner.asking(question.words, language), "answer": manner.asking(chosen, language)}
