"""The cafe's till, as the tests of sales use it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.sale import api as sale
from ringmain.voucher.model import Granted
from tests.voucher.ring import NOW, Ring


@dataclass(slots=True)
class Till:
    """Records sales at the cafe of a small ring."""

    ring: Ring

    def new(self, at: datetime = NOW, **changes: Any) -> sale.NewSale:
        """Return a sale of 10.00 by nobody in particular."""
        fields = {
            "id": uuid7(at),
            "shop_id": self.ring.cafe_shop,
            "merchant_id": self.ring.cafe,
            "total_minor": 1_000,
            "currency": "EUR",
            **changes,
        }
        return sale.NewSale(**fields)

    def with_voucher(self, granted: Granted, at: datetime = NOW, **changes: Any) -> sale.NewSale:
        """Return a sale to the holder of a voucher, who spends it."""
        use = sale.VoucherUse(granted.voucher_id)
        return self.new(at, subject_id=granted.subject_id, vouchers=(use,), **changes)

    async def record(self, sales: Sequence[sale.NewSale], at: datetime = NOW) -> list[sale.Recorded | RuleBroken]:
        """Record sales in one transaction."""
        async with self.ring.unit(at) as uow:
            return await sale.record(uow, sales)

    async def sell(self, one: sale.NewSale, at: datetime = NOW) -> sale.Recorded:
        """Record one sale that is expected to go through."""
        answer = (await self.record([one], at))[0]
        assert isinstance(answer, sale.Recorded), answer
        return answer

    async def refusal(self, one: sale.NewSale, at: datetime = NOW) -> str:
        """Return the code of the rule that refuses a sale, after showing that nothing was written."""
        before = await self.everything()
        answer = (await self.record([one], at))[0]
        assert isinstance(answer, RuleBroken), answer
        assert await self.everything() == before
        return answer.code

    async def everything(self) -> Any:
        """Return a fingerprint of sales and of every table of vouchers and money."""
        sales = await self.ring.value("SELECT md5(coalesce(string_agg(s::text, ',' ORDER BY id), '')) FROM sale s")
        return sales, await self.ring.snapshot()
