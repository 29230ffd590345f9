"""Kinds of shops of which nobody is told who likes them: groups are never named, told or placed by them.

Health, religion and sex life are special categories of personal data (GDPR, article 9); what people smoke, bet
or expect is added, since a group that is told of it tells on whoever is in it.
"""

import re
import unicodedata

_WORDS = frozenset({
    "pharmacy", "drugstore", "chemist", "clinic", "doctor", "dentist", "hospital", "medical", "health", "healthcare",
    "therapy", "therapist", "hearing", "church", "mosque", "temple", "synagogue", "religious", "religion", "adult",
    "erotic", "sex", "lingerie", "fertility", "tobacco", "cigarette", "cigarettes", "cigar", "cigars", "vape", "casino",
    "betting", "gambling", "lottery", "baby", "babies", "maternity", "pregnancy", "funeral", "undertaker",
})  # fmt: skip
# Chinese has no spaces: these stand anywhere in the text.
_PARTS = ("药", "诊所", "医院", "医疗", "牙科", "成人", "情趣", "教堂", "清真寺", "寺庙", "香烟", "烟酒", "烟草",
          "彩票", "博彩", "赌场", "母婴", "婴儿", "孕", "殡葬")  # fmt: skip
_LETTERS = re.compile(r"[^\W\d_]+")


def is_sensitive(category: str) -> bool:
    """Say whether a kind of shop is one of these, in English or Chinese, whatever the case."""
    text = unicodedata.normalize("NFKC", category).casefold()
    return any(part in text for part in _PARTS) or not _WORDS.isdisjoint(_LETTERS.findall(text))
