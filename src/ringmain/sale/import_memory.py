"""What a dry run remembers of a file: which sales it has met, and what they said, in 16 bytes each."""

import hashlib
from dataclasses import dataclass, field

import numpy as np

from ringmain.sale.columns import Flags, Longs, SaleColumns

_HASH_BYTES = 8


@dataclass(slots=True)
class SeenSales:
    """Sales met so far, as sorted pieces of doubling length: looking up and adding cost a logarithm."""

    _pieces: list[tuple[Longs, Longs]] = field(default_factory=list)

    def meet(self, sales: SaleColumns) -> tuple[Flags, Flags]:
        """Return which of the sales were met before, in this call or an earlier one, and which of those said otherwise.

        The sales are sorted by id.
        """
        keys = np.ascontiguousarray(sales.ids).view("<i8").reshape(-1, 2)[:, 1]
        contents = _contents(sales)
        order = np.lexsort((np.arange(len(keys)), keys))
        keys, contents = keys[order], contents[order]
        earlier, other = np.zeros(len(keys), bool), np.zeros(len(keys), bool)
        for known, said in self._pieces:
            place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
            here = known[place] == keys
            earlier |= here
            other |= here & (said[place] != contents)
        first = np.searchsorted(keys, keys)
        again = first != np.arange(len(keys))
        other |= again & ~earlier & (contents[first] != contents)
        new = ~earlier & ~again
        self._add(keys[new], contents[new])
        back = np.argsort(order)
        return (earlier | again)[back], other[back]

    def _add(self, keys: Longs, contents: Longs) -> None:
        if not len(keys):
            return
        self._pieces.append((keys, contents))
        while len(self._pieces) > 1 and len(self._pieces[-1][0]) * 2 >= len(self._pieces[-2][0]):
            pair = self._pieces[-2:]
            merged, said = (np.concatenate([piece[part] for piece in pair]) for part in (0, 1))
            order = np.argsort(merged, kind="stable")
            self._pieces[-2:] = [(merged[order], said[order])]


def _contents(sales: SaleColumns) -> Longs:
    """Return a hash of what each sale says."""
    currency = [sales.currency] * len(sales) if isinstance(sales.currency, str) else sales.currency.to_pylist()
    parts: list[list[object]] = [[total, one] for total, one in zip(sales.total.tolist(), currency, strict=True)]
    if sales.lines is not None:
        lines = sales.lines
        categories = [None] * len(lines.sale) if lines.category is None else lines.category.to_pylist()
        columns = (lines.number.tolist(), lines.product.to_pylist(), categories, lines.quantity, lines.amount)
        for sale, *line in zip(lines.sale.tolist(), *columns, strict=True):
            parts[sale].append(tuple(line))
    hashes = [hashlib.blake2b(repr(part).encode(), digest_size=_HASH_BYTES).digest() for part in parts]
    return np.frombuffer(b"".join(hashes), np.int64)
