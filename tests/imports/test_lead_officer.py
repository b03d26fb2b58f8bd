"""An officer of a lead bureau answers for the whole target, by what one's own bureau brought in."""

import datetime

from bureaus.models import Bureau, Membership, User
from ledgers.figures import Selection, Status, quota_progress


def test_an_officer_of_a_lead_bureau_sees_234_of_200(bring_in, plan):
    bring_in("teachers-2024.xlsx", "--skip-faulty")
    officer = User.objects.create(username="经办")
    Membership.objects.create(
        user=officer, bureau=Bureau.objects.get(name="市科协"), role=Membership.Role.OFFICER
    )
    lines = quota_progress(Selection(2024, user=officer), at=datetime.date(2024, 12, 31))
    tutors = next(line for line in lines if line.programme == "培训科技辅导员")
    assert (tutors.target, tutors.done, tutors.people, tutors.status) == (200, 234, 204, Status.DONE)
