"""Work behind the pages: followers of facts, and jobs, with those that failed on top."""

from msgspec import Struct
from starlette.responses import Response

from ringmain.entry.web.audiences import OPERATOR
from ringmain.entry.web.operator.common import MOST_ROWS
from ringmain.kit import jobs_store as jobs
from ringmain.kit.db import UnitOfWork
from ringmain.kit.follow import standings
from ringmain.kit.http import NotFound
from ringmain.kit.pages import PageRoute, Visit
from ringmain.network import api as network


class Retried(Struct, frozen=True):
    """The job, and whether it waits again."""

    job: int
    waits: bool


async def show(visit: Visit) -> Response:
    """Show followers and jobs."""
    async with visit.unit() as uow:
        here = await network.network_of(uow)
        followers = await standings(uow)
    async with visit.site.database.unit(visit.network_id, role="worker") as uow:
        counts = await jobs.count_jobs(uow)
        failed = await jobs.list_jobs(uow, ["failed"], MOST_ROWS)
        latest = await jobs.list_jobs(uow, ["todo", "doing", "succeeded"], 20)
    return visit.page(
        "operator/jobs.html", network=here, followers=followers, counts=counts, failed=failed, latest=latest
    )


async def retry(visit: Visit) -> Response:
    """Let a job that failed be done again; the same work that waits already is not doubled."""
    number = visit.form.whole("job")
    if number is None:
        raise NotFound

    async def act(uow: UnitOfWork) -> Retried:
        return Retried(number, await jobs.retry_job(uow, number))

    await visit.once("page_retry_job", act, Retried)
    return visit.go("/operator/jobs")


PAGES: tuple[PageRoute, ...] = (PageRoute(path="/operator/jobs", audience=OPERATOR, get=show, post=retry),)
