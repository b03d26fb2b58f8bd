"""Sends the notices that wait, each once, however many senders run at the same time.

A sender takes a notice with one conditional UPDATE that is committed before anything leaves the house. If it
is killed after that, nobody knows whether the message left: it is then shown as failed, for a person to
decide, and never sent again by itself.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from courses.channels import Channel, Message, NotSent, open_channels
from courses.models import Notice

log = logging.getLogger(__name__)

AT_ONCE = 200
TRIES = 3
WAIT = datetime.timedelta(minutes=5)  # before the second try; twice that before the third
State = Notice.State


@dataclass(slots=True)
class Sent:
    """How many notices were sent, dropped as outdated, put off, or have failed for good."""

    sent: int = 0
    dropped: int = 0
    put_off: int = 0
    failed: int = 0


def send_due(*, at: datetime.datetime) -> Sent:
    """Sends all notices that are due. Not within a transaction: what was taken must be seen by others."""
    result = Sent(failed=give_up_stuck(at))
    with ExitStack() as stack:
        channels = {channel.name: stack.enter_context(channel) for channel in open_channels()}
        for notice in taken(at):
            outcome = deliver(notice, channels.get(notice.channel), at=at)
            setattr(result, outcome, getattr(result, outcome) + 1)
    return result


def give_up_stuck(at: datetime.datetime) -> int:
    """Notices whose sender was killed may have been sent or not: they are left to a person. How many."""
    words = _("不确定是否已发出，请先向本人核实，再决定是否重发。")
    return Notice.objects.stuck(at).update(state=State.FAILED, error=words)


def taken(at: datetime.datetime) -> Iterator[Notice]:
    """The notices that are due, each taken by this sender alone, in the state of the database just then."""
    while due := list(Notice.objects.due(at).values_list("pk", flat=True)[:AT_ONCE]):
        for pk in due:
            if take(pk):
                yield Notice.objects.select_related("run", "session__run", "enrolment", "user").get(pk=pk)


def take(pk: int) -> bool:
    """Whether this sender may send that notice: of several, the one whose UPDATE finds it waiting."""
    waiting = Notice.objects.filter(pk=pk, state=State.QUEUED)
    return waiting.update(state=State.SENDING, taken_at=timezone.now(), attempts=F("attempts") + 1) == 1


def deliver(notice: Notice, channel: Channel | None, *, at: datetime.datetime) -> str:
    """Sends a notice that was taken and notes what became of it: the field of `Sent` to count it in."""
    if not notice.still_holds(at):
        return finish(notice, "dropped", state=State.DROPPED, error=_("内容已过时，没有发送。"))
    if channel is None:
        return finish(notice, "failed", state=State.FAILED, error=_("这个渠道已停用。"))
    message = Message(notice.pk, notice.address, notice.subject, notice.body)
    try:
        channel.send(message)
    except NotSent as error:
        return put_off(notice, str(error), at=at)
    except Exception as error:  # noqa: BLE001 (whatever a carrier's library raises, the next notice goes on)
        # Its text may hold the address.
        log.warning("Notice %s: %s; nobody knows whether it left.", notice.pk, type(error).__name__)
        words = _("不确定是否已发出，请先向本人核实，再决定是否重发。")
        return finish(notice, "failed", state=State.FAILED, error=words)
    return finish(notice, "sent", state=State.SENT, sent_at=timezone.now(), error="")


def put_off(notice: Notice, why: str, *, at: datetime.datetime) -> str:
    """The message surely did not leave: it is tried again later, three times in all."""
    if notice.attempts >= TRIES:
        return finish(notice, "failed", state=State.FAILED, error=why)
    return finish(notice, "put_off", state=State.QUEUED, due_at=at + WAIT * notice.attempts, error=why)


def finish(notice: Notice, outcome: str, **values: object) -> str:
    """Writes it down, also where the notice was given up meanwhile; not where somebody else has taken it."""
    Notice.objects.filter(pk=notice.pk, taken_at=notice.taken_at).update(**values)
    return outcome


def send_again(notice: Notice) -> bool:
    """An officer has decided: a notice that failed or was dropped waits again. Whether it did."""
    ended = Notice.objects.filter(pk=notice.pk, state__in=(State.FAILED, State.DROPPED))
    return ended.update(state=State.QUEUED, due_at=timezone.now(), taken_at=None, attempts=0, error="") == 1


def drop(notice: Notice) -> bool:
    """An officer has decided: a notice that waits or failed is not sent. Whether it was still possible."""
    open_ones = Notice.objects.filter(pk=notice.pk, state__in=(State.QUEUED, State.FAILED))
    return open_ones.update(state=State.DROPPED, error="") == 1
