"""What somebody typed against names and categories, in English and Chinese: case, accents and slips do not matter.

The lists are small (the shops of one network), so everything is compared in memory.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(r"[㐀-鿿]+|[^\W㐀-鿿_]+")
_CHINESE = re.compile(r"[㐀-鿿]")
# Words that mean the same to somebody who looks for a shop; the first of each language is the usual name of its kind.
_MEANINGS: tuple[tuple[str, ...], ...] = tuple(
    tuple(words.split())
    for words in (
        "coffee cafe espresso latte 咖啡馆 咖啡 咖啡店",
        "tea teahouse milktea boba 茶馆 茶 奶茶",
        "bakery bread baker pastry cake 面包店 面包 烘焙 蛋糕",
        "noodles noodle ramen 面馆 面 拉面 面条",
        "restaurant food diner eatery lunch dinner 餐厅 饭店 餐饮 美食 吃饭",
        "hotpot 火锅店 火锅",
        "barbecue bbq grill 烧烤店 烧烤",
        "dessert icecream gelato sweets 甜品店 甜品 冰淇淋",
        "bar pub beer wine 酒吧 酒 啤酒",
        "florist flowers flower bouquet 花店 鲜花 花",
        "books book bookshop bookstore 书店 书",
        "grocery supermarket groceries market 超市 便利店 生鲜",
        "fruit fruits 水果店 水果",
        "pharmacy drugstore chemist 药店 药房",
        "hair hairdresser barber salon 理发店 理发 美发 发廊",
        "beauty nails spa cosmetics 美容店 美容 美甲",
        "gym fitness sports 健身房 健身 运动",
        "cinema film movies 电影院 电影",
        "clothes clothing fashion apparel 服装店 服装 衣服 服饰",
        "shoes shoe 鞋店 鞋",
        "toys toy 玩具店 玩具",
        "electronics phones phone 数码 手机 电器",
        "bicycle bike bikes 自行车 单车",
        "pets pet 宠物店 宠物",
        "optician glasses 眼镜店 眼镜",
        "hotel inn 酒店 宾馆",
    )
)
_CONCEPTS = tuple(map(frozenset, _MEANINGS))
# From this length on one slip is forgiven, and from the second length on two.
_ONE_SLIP, _TWO_SLIPS = 4, 8
_PREFIX = 2
_EXACT, _BEGINS, _SIMILAR = 1.0, 0.9, 0.6
IN_NAME, IN_CATEGORY, IN_OFFER = 1.0, 0.8, 0.7
SAME_CONCEPT = IN_CATEGORY * 0.95
ENOUGH = 0.3


@dataclass(frozen=True, slots=True)
class Found:
    """How well something fits (0 to 1), how it was found (name, category, offer, similar), and the word."""

    score: float
    how: str
    word: str


def normal(text: str) -> str:
    """Return a text without case, accents and differences of width."""
    decomposed = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFKC", "".join(c for c in decomposed if not unicodedata.combining(c))).casefold()


@lru_cache(maxsize=16_384)
def tokens(text: str) -> tuple[str, ...]:
    """Return the words of a text, Chinese ones in one piece."""
    return tuple(_TOKEN.findall(normal(text)))


class WordQuery:
    """The words of one search, ready to be compared with many names."""

    def __init__(self, words: str, most_words: int = 8) -> None:
        self.tokens = tokens(words)[:most_words]
        self.concepts = [_concepts_of(token) for token in self.tokens]
        self._fits: dict[tuple[str, str], tuple[float, str]] = {}

    def fit(self, name: str, category: str, offers: Iterable[str] = ()) -> Found | None:
        """Return how well a shop fits, or None where it does not."""
        if not self.tokens:
            return None
        best: list[Found] = []
        names, categories = tokens(name), tokens(category)
        theirs = {number for word in (*categories, *names) for number in concept_numbers(word)}
        offered = [word for offer in offers for word in tokens(offer)]
        for token, concepts in zip(self.tokens, self.concepts, strict=True):
            found = [self._found(token, word, "name", IN_NAME) for word in names]
            found += [self._found(token, word, "category", IN_CATEGORY) for word in categories]
            found += [self._found(token, word, "offer", IN_OFFER) for word in offered]
            if concepts & theirs:
                found.append(Found(SAME_CONCEPT, "category", token))
            best.append(max(found, key=lambda one: one.score, default=Found(0.0, "", token)))
        score = sum(one.score for one in best) / len(best)
        return None if score < ENOUGH else Found(score, *_told(best))

    def _found(self, token: str, word: str, how: str, weight: float) -> Found:
        key = (token, word)
        if key not in self._fits:
            self._fits[key] = fit(token, word)
        score, manner = self._fits[key]
        return Found(score * weight, manner or how, word)


def _told(best: list[Found]) -> tuple[str, str]:
    top = max(best, key=lambda one: one.score)
    return top.how, top.word


def fit(token: str, word: str) -> tuple[float, str]:
    """Return how well a typed word fits a word (0 to 1), and "similar" where only a slip parts them."""
    if token == word:
        return _EXACT, ""
    chinese = "㐀" <= token[0] <= "鿿"
    if (chinese and token in word) or (len(token) >= _PREFIX and word.startswith(token)):
        return _BEGINS, ""
    if not chinese and _close(token, word):
        return _SIMILAR, "similar"
    return 0.0, ""


def slips(length: int) -> int:
    """Return how many slips are forgiven, where the shorter of two words has so many letters."""
    return 0 if length < _ONE_SLIP else 1 if length < _TWO_SLIPS else 2


def _concepts_of(token: str) -> frozenset[int]:
    exact = concept_numbers(token)
    if exact:
        return exact
    return frozenset(
        number for number, words in enumerate(_CONCEPTS) if any(fit(token, word)[1] == "similar" for word in words)
    )


@lru_cache(maxsize=4_096)
def concept_numbers(word: str) -> frozenset[int]:
    """Return the numbers of what a word means, of those meanings that shops are looked for by."""
    return frozenset(number for number, words in enumerate(_CONCEPTS) if word in words)


@lru_cache(maxsize=4_096)
def usual_name(category: str, language: str) -> str:
    """Return what a kind of shop is called in Chinese ("zh") or English; words of no kind known here stay."""
    said = normal(category).strip()
    for words in _MEANINGS:
        if said in words and (language == "zh") != bool(_CHINESE.search(said)):
            return next(word for word in words if (language == "zh") == bool(_CHINESE.search(word)))
    return category


def _close(one: str, other: str) -> bool:
    """Say whether two words differ by few slips: letters left out, added, changed or swapped (optimal alignment)."""
    allowed = slips(min(len(one), len(other)))
    if allowed < abs(len(one) - len(other)) or not allowed:
        return False
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, against in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > allowed:
            return False
    return row[-1] <= allowed
