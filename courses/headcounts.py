"""Takes in the headcount of a lecture (参加人数) that a phone without a network counted."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from bureaus.models import YearClosed
from courses.models import Mark, Session
from courses.registering import Heads, NotRegistrable, held_open, register_heads
from courses.syncing import NOT_YOURS, Answer, Sender, sentence_of

Outcome = Mark.Outcome


@dataclass(frozen=True, slots=True)
class Count:
    """One count as it came from a phone. `known`: the headcounts that this phone showed or said before."""

    key: uuid.UUID
    session: int
    headcount: int
    women: int | None
    elders: int | None
    known: frozenset[int]
    marked_at: datetime.datetime
    correction: str


def receive_count(count: Count, sender: Sender) -> Answer:
    """Writes the count unless somebody else counted otherwise. Sent again it changes nothing."""
    session = Session.objects.registered_by(sender.user).filter(pk=count.session).first()
    if session is None:
        return Answer(str(count.key), Outcome.REFUSED, str(NOT_YOURS))
    heads = Heads(count.headcount, count.women, count.elders)
    try:
        with transaction.atomic():
            session = held_open(session)
            stands = session.headcount
            if stands is not None and stands != count.headcount and stands not in count.known:
                why = _("已另外登记为 %(stands)d 人，您的 %(said)d 人没有记入，请核对后重新登记。")
                words = why % {"stands": stands, "said": count.headcount}
                return Answer(str(count.key), Outcome.CONFLICT, words)
            at = sender.time_of(count.marked_at)
            register_heads(session, heads, user=sender.user, at=at, reason=count.correction)
    except (NotRegistrable, YearClosed) as error:
        return Answer(str(count.key), Outcome.REFUSED, sentence_of(error))
    return Answer(str(count.key), Outcome.WRITTEN)
