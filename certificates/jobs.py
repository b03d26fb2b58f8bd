"""The issue of a batch, as a background job that may be killed at any moment.

A hundred people are one transaction: their numbers, their certificates and the batch's own progress. So a
killed worker leaves no gap, and who goes on begins with the next hundred.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from bureaus.models import User, YearClosed
from certificates.issuing import Issue, candidates, issue
from certificates.models import IssueBatch, Issuer, IssueRule, TemplateVersion
from courses.models import ClassRun, Enrolment
from peixun.lib.tasks import close_killed, waits

CHUNK = 100
MOST_ATTEMPTS = 5  # at the same hundred
State = IssueBatch.State


class BatchFailed(RuntimeError):
    """The database refused a batch; its own words are left out, for they may hold somebody's name."""


@transaction.atomic
def start(
    run: ClassRun,
    terms: Issue,
    chosen: list[int],
    *,
    user: User,
    rule: IssueRule | None = None,
) -> IssueBatch:
    """Queues the issue for these enrolments (ids). `rule` is judged again then, unless a reason is given."""
    batch = IssueBatch.objects.create(
        run=run,
        rule=rule,
        issuer=terms.issuer,
        version=terms.version,
        issued_on=terms.issued_on,
        expires_on=terms.expires_on,
        reason=terms.reason,
        chosen=chosen,
        total=len(chosen),
        made_by=user,
    )
    transaction.on_commit(lambda: work.enqueue(str(batch.pk)))
    return batch


@task()
def work(batch_id: str) -> None:
    """Issues what is left of the batch. Any number may run at once; each hundred is done by one of them."""
    try:
        while issue_chunk(batch_id):
            pass
    except YearClosed as closed:
        fail(batch_id, str(closed))
    except ValidationError as refusal:
        fail(batch_id, " ".join(refusal.messages))
    except (OperationalError, InterfaceError) as error:
        # A lost connection or a lock: the hundred in hand was rolled back, and the sweeper goes on with it.
        raise BatchFailed(type(error).__name__) from None
    except DatabaseError as error:
        fail(batch_id, _("制发时出了错，已发的不受影响。请稍后继续；仍不行请联系技术管理员。"))
        raise BatchFailed(type(error).__name__) from None
    except Exception:
        fail(batch_id, _("制发时出了错，已发的不受影响。请稍后继续；仍不行请联系技术管理员。"))
        raise


def fail(batch_id: str, reason: str) -> None:
    at_work = IssueBatch.objects.at_work().filter(pk=batch_id)
    at_work.update(state=State.FAILED, error=reason[:200])


@transaction.atomic
def issue_chunk(batch_id: str) -> bool:
    """The next hundred; whether there are more. The batch's row is held meanwhile."""
    batch = IssueBatch.objects.select_for_update(of=("self",)).get(pk=batch_id)
    if not batch.at_work:
        return False
    batch.run = ClassRun.objects.select_related("programme").get(pk=batch.run_id)
    chunk = batch.chosen[batch.looked_at : batch.looked_at + CHUNK]
    made = issue(batch.run, wanted_of(batch, chunk), terms_of(batch), user=batch.made_by)
    batch.done += len(made)
    batch.skipped += len(chunk) - len(made)
    more = batch.looked_at < batch.total
    batch.state, batch.alive_at = State.RUNNING if more else State.DONE, timezone.now()
    batch.attempts = 0
    batch.save(update_fields=["done", "skipped", "state", "alive_at", "attempts"])
    return more


def terms_of(batch: IssueBatch) -> Issue:
    return Issue(
        Issuer.objects.select_related("bureau").get(pk=batch.issuer_id),
        TemplateVersion.objects.select_related("template").get(pk=batch.version_id),
        batch.issued_on,
        batch.expires_on,
        batch.reason,
    )


def wanted_of(batch: IssueBatch, chunk: list[int]) -> list[Enrolment]:
    """Those of the chunk, in its order, who are still to get one.

    Without a reason nobody gets one whom the rule refuses by now: a result may have been corrected, or the
    completion taken back, since the list was shown.
    """
    if batch.rule is not None and not batch.reason:
        judged = candidates(batch.run, batch.rule, among=chunk)
        found = {one.enrolment.pk: one.enrolment for one in judged if one.qualifies}
    else:
        people = batch.run.enrolments.took_part().filter(pk__in=chunk).select_related("learner")
        found = people.in_bulk()
    wanted = [found[pk] for pk in chunk if pk in found]
    for enrolment in wanted:
        enrolment.run = batch.run
    return wanted


def resume(batch: IssueBatch) -> bool:
    """Goes on with a batch that failed; False where it did not."""
    failed = IssueBatch.objects.filter(pk=batch.pk, state=State.FAILED)
    if not failed.update(state=State.QUEUED, error="", alive_at=timezone.now(), attempts=0):
        return False
    transaction.on_commit(lambda: work.enqueue(str(batch.pk)))
    return True


def take_up_abandoned() -> int:
    """Goes on with every batch that nobody works on. The number of them."""
    return sum(take_up(batch) for batch in IssueBatch.objects.at_work())


def take_up(batch: IssueBatch) -> bool:
    """Starts the work of a killed worker again, or work whose task was lost. Whether it was so.

    Should the worker live after all, they take turns. A hundred that end every worker end the batch.
    """
    now = timezone.now()
    if not batch.has_stalled(now) or is_queued(batch):
        return False
    if batch.attempts >= MOST_ATTEMPTS:
        fail(str(batch.pk), _("连续几次都没有制发下去，已发的不受影响。请稍后继续；仍不行请联系技术管理员。"))
        return False
    stalled = IssueBatch.objects.filter(pk=batch.pk, state=batch.state, alive_at=batch.alive_at)
    if not stalled.update(alive_at=now, attempts=F("attempts") + 1):
        return False
    close_killed(work, str(batch.pk))
    work.enqueue(str(batch.pk))
    return True


def is_queued(batch: IssueBatch) -> bool:
    return settings.PEIXUN_JOBS == "worker" and waits(work, str(batch.pk))
