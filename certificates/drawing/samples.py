"""What the editor shows a design with: an ordinary certificate, and those that designs break on."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from certificates.drawing.facts import Facts

COMMON = Facts(
    name="张伟",
    title="结业证书",
    programme="高素质农民培育计划",
    run="第一期农村实用技术培训班",
    starts_on=datetime.date(2024, 3, 5),
    ends_on=datetime.date(2024, 3, 8),
    hours=Decimal(24),
    days=4,
    employer="湘潭县梅林桥镇人民政府",
    issuer="湘潭市科学技术协会",
    issued_on=datetime.date(2024, 3, 12),
    expires_on=datetime.date(2027, 3, 11),
    number="潭科协培〔2024〕0001号",
    signatory="李国强",
)


# As dense as the code of a real certificate, and no certificate.
SAMPLE_CODE = "https://peixun.example.cn/v/0000000000000000#" + "sample-no-certificate-" * 9


class Sample(NamedTuple):
    label: Promise
    facts: Facts


SAMPLES = {
    "common": Sample(_("一般姓名"), COMMON),
    "long": Sample(
        _("很长的姓名和班名"),
        replace(
            COMMON,
            name="阿卜杜热合曼·买买提吐尔逊",
            programme="全民科学素质行动规划农民科学素质提升行动高素质农民培育计划",
            run="2024年新型农业经营主体带头人能力提升暨水稻绿色高产栽培技术专题培训班（第三期）",
            employer="湘潭县易俗河镇烟塘村村民委员会集体经济合作联社农业科技服务站",
            issuer="湘潭市科学技术协会、湘潭市农业农村局、湘潭市人力资源和社会保障局",
        ),
    ),
    "rare": Sample(_("生僻字"), replace(COMMON, name="䶮𬱖𠮷")),
    "ethnic": Sample(_("少数民族姓名"), replace(COMMON, name="买买提·吐尔逊")),
}
