"""All words of a catalogue, so that what somebody typed is compared with each word once, and not with each shop."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from ringmain.match.model.catalogue import Catalogue, Flags, Integers, Links
from ringmain.match.model.distance import Floats
from ringmain.match.model.words import (
    IN_CATEGORY,
    IN_NAME,
    IN_OFFER,
    SAME_CONCEPT,
    WordQuery,
    concept_numbers,
    fit,
    slips,
    tokens,
)

# Letters are counted in so many groups: two words that differ by few slips differ little in these counts.
_GROUPS = 32
_REMEMBERED = 1_024


class Vocabulary:
    """The distinct words of a catalogue's names, categories and offers, and where each of them stands."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        numbers: dict[str, int] = {}
        in_shops: list[tuple[int, int]] = []
        weights: list[float] = []
        meanings = []
        for place, shop in enumerate(catalogue.shops):
            names, categories = tokens(shop.name), tokens(shop.category)
            in_shops += [(place, numbers.setdefault(word, len(numbers))) for word in (*names, *categories)]
            weights += [IN_NAME] * len(names) + [IN_CATEGORY] * len(categories)
            meanings.append(_bits(number for word in (*names, *categories) for number in concept_numbers(word)))
        in_offers = [
            (place, numbers.setdefault(word, len(numbers)))
            for place, one in enumerate(catalogue.offers)
            for word in tokens(one.offer.name)
        ]
        self._shops = Links(in_shops, len(catalogue.shops))
        self._weights = np.array(weights, dtype=np.float64)  # in the order of the pairs, which is that of the shops
        self._offers = Links(in_offers, len(catalogue.offers))
        self._meanings: Integers = np.array(meanings, dtype=np.int64)
        self._words = list(numbers)
        self._lengths = np.array([len(word) for word in self._words], dtype=np.int64)
        self._letters = _letters(self._words)
        self._fits: dict[str, tuple[Integers, Floats]] = {}

    def scores(self, query: WordQuery, shown: Flags) -> Floats:
        """Return how well each shop with its shown offers fits (`WordQuery.fit`), 0 where no word of it does."""
        total = np.zeros(len(self._catalogue.shops))
        for token, concepts in zip(query.tokens, query.concepts, strict=True):
            fits = np.zeros(len(self._words))
            words, scores = self._found(token)
            fits[words] = scores
            best = self._shops.greatest(fits[self._shops.value] * self._weights)
            offered = self._offers.greatest(fits[self._offers.value] * IN_OFFER)
            best = np.maximum(best, self._catalogue.best(np.where(shown, offered, 0.0)))
            if concepts:
                meant = (self._meanings & _bits(concepts)) != 0
                best = np.where(meant, np.maximum(best, SAME_CONCEPT), best)
            total += best
        return total / max(len(query.tokens), 1)

    def _found(self, token: str) -> tuple[Integers, Floats]:
        """Return the numbers of the words that a typed word fits, and how well."""
        if token not in self._fits:
            if len(self._fits) >= _REMEMBERED:
                self._fits.clear()
            near = set(np.flatnonzero(self._near(token)).tolist())
            scores = {
                number: fit(token, word)[0]
                for number, word in enumerate(self._words)
                if number in near or token in word
            }
            fitting = {number: score for number, score in scores.items() if score}
            self._fits[token] = (
                np.array(list(fitting), dtype=np.int64),
                np.array(list(fitting.values()), dtype=np.float64),
            )
        return self._fits[token]

    def _near(self, token: str) -> Flags:
        """Say of each word whether so few slips could part it from a typed one: never no where they do."""
        lengths = np.minimum(self._lengths, len(token))
        allowed = np.array([slips(length) for length in range(len(token) + 1)], dtype=np.int64)[lengths]
        apart = np.abs(self._letters - _letters([token])).sum(axis=1)
        # A letter that is left out or added changes one count, a wrong one two, swapped ones none.
        found: Flags = (allowed > 0) & (apart <= 2 * allowed)
        return found


def _bits(numbers: Iterable[int]) -> int:
    bits = 0
    for number in numbers:
        bits |= 1 << number
    return bits


def _letters(words: Sequence[str]) -> npt.NDArray[np.int16]:
    counts = np.zeros((len(words), _GROUPS), dtype=np.int16)
    rows = np.repeat(np.arange(len(words)), [len(word) for word in words])
    groups = np.array([ord(letter) % _GROUPS for word in words for letter in word], dtype=np.int64)
    np.add.at(counts, (rows, groups), 1)
    return counts
