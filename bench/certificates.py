"""Certificates a second and bytes each, against bare typst drawing the same page in the same run.

    .venv/bin/python bench/certificates.py [--pages 5000] [--only drawing|product]

`bare` is the same paper written by hand in typst: its texts as literals at fixed sizes, the same border and
an equal QR code, made as ours is; no layout, no values, no fitting. Ratios are ours to bare; runs of
both alternate, for another load on the machine must not meet only one of them.

`product` is the whole way: a class of so many people in a database of its own (made beside the one of
`DATABASE_URL`, and dropped), the batch as its page starts it, and then every part that the page of the run
offers, drawn from the rows that were stored.
"""

import argparse
import datetime
import hashlib
import io
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peixun.settings")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402

settings.DEBUG = False  # or each query would be kept, with all its values

import typst  # noqa: E402
from django.db import connection  # noqa: E402
from PIL import Image, ImageChops, ImageDraw  # noqa: E402

from bureaus.models import User  # noqa: E402
from certificates import jobs  # noqa: E402
from certificates.defaults import load_default_templates  # noqa: E402
from certificates.drawing.bundles import PAGES_A_FILE, file_name, merged, zipped  # noqa: E402
from certificates.drawing.defaults import default_layouts  # noqa: E402
from certificates.drawing.facts import Facts  # noqa: E402
from certificates.drawing.fonts import found_fonts  # noqa: E402
from certificates.drawing.layouts import Layout  # noqa: E402
from certificates.drawing.parsing import parse  # noqa: E402
from certificates.drawing.pdf import STANDARDS, draw  # noqa: E402
from certificates.drawing.sheets import Page, pictures, qr_svg  # noqa: E402
from certificates.issuing import Issue  # noqa: E402
from certificates.models import Certificate, IssueBatch, Issuer, IssueRule, Template  # noqa: E402
from certificates.printing import merged_pdf, part_of, parts, zip_of  # noqa: E402
from courses.catalogue import read_catalogue  # noqa: E402
from courses.loading import load_catalogue  # noqa: E402
from courses.management.commands.load_plan import SHIPPED  # noqa: E402
from courses.models import ClassRun, Enrolment, Programme  # noqa: E402
from learners.models import Learner  # noqa: E402

DAY = datetime.date(2024, 3, 12)
ROUNDS = 7
SINGLES = 60
MERGED = 100

BODY = (
    "于2024年3月5日至8日参加高素质农民培育计划“第一期农村实用技术培训班”，"
    "完成规定的学习任务，共计24学时，经考核合格，准予结业。\n\n特发此证。"
)
# completion.json with the values of `page`, set by hand.
BARE_PAGE = """
#page(width: 297mm, height: 210mm, margin: 0mm)[
  #place(pdf.artifact(image(border, format: "svg", width: 297mm, height: 210mm)))
  #place(dx: 38mm, dy: 32mm, box(width: 221mm, align(center, text(
    size: 48pt, tracking: 0.35em, fill: rgb("#9e1b1b"), stroke: 1.44pt + rgb("#9e1b1b"))[结业证书])))
  #place(dx: 134mm, dy: 61mm, box(width: 129mm, align(right,
    text(size: 12pt)[编号：潭科协培〔2024〕NUMBER号])))
  #place(dx: 34mm, dy: 74mm, text(size: 24pt)[#text(stroke: 0.72pt)[NAME] 同志：])
  #place(dx: 34mm, dy: 90mm, box(width: 229mm, text(size: 20pt, par(justify: true, leading: 14pt,
    first-line-indent: (amount: 2em, all: true))[BODY])))
  #place(dx: 118mm, dy: 158mm, box(width: 145mm, align(center, text(size: 18pt)[湘潭市科学技术协会])))
  #place(dx: 118mm, dy: 168mm, box(width: 145mm, align(center, text(size: 16pt)[二〇二四年三月十二日])))
  #place(dx: 30mm, dy: 184mm, box(width: 30mm, align(center, text(size: 9pt)[扫码查验])))
  #place(dx: 30mm, dy: 154mm, image(bytes(sys.inputs.at("qr NUMBER")), format: "svg", width: 30mm, alt: "QR"))
]
"""
BARE_HEAD = """
#let border = bytes(sys.inputs.border)
#set document(title: "证书", date: datetime(year: 2024, month: 3, day: 12))
#set text(font: "Noto Serif SC", lang: "zh", region: "cn", fallback: false, cjk-latin-spacing: none)
#set par(spacing: 14pt)
"""


def name(number: int) -> str:
    return f"{chr(0x5F20 + number % 40)}{chr(0x4E00 + number % 5000)}"


def page(layout: Layout, number: int) -> Page:
    facts = Facts(
        name=name(number),
        title="结业证书",
        programme="高素质农民培育计划",
        run="第一期农村实用技术培训班",
        starts_on=datetime.date(2024, 3, 5),
        ends_on=datetime.date(2024, 3, 8),
        hours=Decimal(24),
        employer="湘潭县农业农村局",
        issuer="湘潭市科学技术协会",
        issued_on=DAY,
        number=f"潭科协培〔2024〕{number:04}号",
    )
    return Page(layout=layout, values=facts.values(), qr=code(number))


def code(number: int) -> str:
    return f"https://peixun.example.cn/v/{number:016X}"


class Bare:
    """typst without peixun, on the same warm compiler."""

    def __init__(self, layout: Layout) -> None:
        self.compiler = typst.Compiler(font_paths=found_fonts(), ignore_system_fonts=True)
        [self.border] = pictures(page(layout, 0)).values()

    def draw(self, numbers: list[int]) -> bytes:
        pages = "".join(
            BARE_PAGE.replace("NUMBER", f"{number:04}").replace("NAME", name(number)).replace("BODY", BODY)
            for number in numbers
        )
        inputs = {"border": self.border} | {f"qr {number:04}": qr_svg(code(number)) for number in numbers}
        return self.compiler.compile(
            (BARE_HEAD + pages).encode(),
            format="pdf",
            pdf_standards=STANDARDS,
            timestamp=datetime.datetime.combine(DAY, datetime.time(), datetime.UTC),
            sys_inputs=inputs,
        )


def seconds(deed: Callable[[], object]) -> float:
    start = time.perf_counter()
    deed()
    return time.perf_counter() - start


def compared(
    ours: Callable[[list[int]], object], bare: Callable[[list[int]], object], *, pages: int, start: int
) -> str:
    """Pages a second of both at their best, and the median ratio of neighbouring runs.

    Each run has numbers and names of its own, for typst remembers what it has set.
    """
    runs = []
    for at in range(ROUNDS):
        first = start + 2 * at * pages
        own = seconds(lambda: ours(list(range(first, first + pages))))  # noqa: B023 (called at once)
        other = seconds(lambda: bare(list(range(first + pages, first + 2 * pages))))  # noqa: B023
        runs.append((own, other))
    ratio = statistics.median(other / own for own, other in runs)
    own, other = (pages / min(times) for times in zip(*runs, strict=True))
    return f"ours {own:.0f}/s, bare {other:.0f}/s, ratio {ratio:.2f}"


def peak() -> int:
    """The most memory that this process ever had, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def against_bare(layout: Layout) -> None:
    bare = Bare(layout)
    total = 2 * ROUNDS * (SINGLES + MERGED)
    pages = [page(layout, number) for number in range(total)]
    print(f"one page: ours {len(draw(pages[:1], day=DAY)):,} bytes, bare {len(bare.draw([0])):,} bytes")
    singles = compared(
        lambda numbers: [draw([pages[number]], day=DAY) for number in numbers],
        lambda numbers: [bare.draw([number]) for number in numbers],
        pages=SINGLES,
        start=0,
    )
    print(f"singles, one PDF each: {singles}")
    together = compared(
        lambda numbers: draw([pages[number] for number in numbers], day=DAY),
        bare.draw,
        pages=MERGED,
        start=2 * ROUNDS * SINGLES,
    )
    print(f"merged, {MERGED} a PDF: {together}")


def sealed(layout: Layout) -> tuple[Layout, dict[str, bytes]]:
    """`layout` with a seal of 42 mm at 300 dots an inch, as scanned: half transparent, with grain."""
    seal = Image.new("L", (500, 500), 0)
    ImageDraw.Draw(seal).ellipse((10, 10, 490, 490), outline=200, width=24)
    grain = ImageChops.multiply(seal, Image.effect_noise(seal.size, 60))
    red = Image.merge("RGBA", [Image.new("L", seal.size, tone) for tone in (200, 20, 20)] + [grain])
    held = io.BytesIO()
    red.save(held, "PNG")
    digest = hashlib.sha256(held.getvalue()).hexdigest()
    return replace(layout, seal=replace(layout.seal, digest=digest)), {digest: held.getvalue()}


def singles(
    layout: Layout, total: int, pictures: Mapping[str, bytes] = MappingProxyType({})
) -> Iterator[tuple[str, bytes]]:
    for number in range(total):
        one = replace(page(layout, number), pictures=pictures)
        yield file_name(f"潭科协培〔2024〕{number:04}号"), draw([one], day=DAY)


def in_bulk(label: str, total: int, chunks: Iterator[bytes]) -> None:
    start, busy = time.perf_counter(), time.process_time()
    size = sum(len(chunk) for chunk in chunks)
    took, busy = time.perf_counter() - start, time.process_time() - busy
    print(
        f"{label}: {total:,} in {took:.1f} s ({busy:.1f} s of processor), {total / took:.0f}/s, "
        f"{size / total:,.0f} bytes each, peak {peak()} MB"
    )


# --- The product --------------------------------------------------------------------------------


def class_of(total: int) -> ClassRun:
    """A class that is over, with so many people who completed it."""
    load_catalogue(read_catalogue(SHIPPED), user=None)
    load_default_templates()
    programme = Programme.objects.get(name="乡村致富带头人培训计划")
    leads = next(iter(programme.leads()))
    run = ClassRun.objects.create(
        programme=programme,
        name="第一期农村实用技术培训班",
        bureau=leads,
        district=programme.plan.city,
        year=DAY.year,
        starts_on=datetime.date(2024, 3, 5),
        ends_on=datetime.date(2024, 3, 8),
        state=ClassRun.State.FINISHED,
    )
    people = Learner.objects.bulk_create([Learner(name=name(number)) for number in range(total)])
    done = {"state": Enrolment.State.COMPLETED, "hours": Decimal(24), "employer": "湘潭县农业农村局"}
    Enrolment.objects.bulk_create(
        Enrolment(run=run, learner=one, name=one.name, district=run.district, **done) for one in people
    )
    return run


def terms_for(run: ClassRun) -> tuple[Issue, IssueRule]:
    pattern = "潭农培〔{year}〕{seq:04}号"
    issuer = Issuer.objects.create(
        name=run.bureau.name, bureau=run.bureau, pattern=pattern, signatory="周局长"
    )
    template = Template.objects.get(bureau=None, name="结业证书")
    rule = IssueRule.objects.create(programme=run.programme, template=template, least_hours=Decimal(24))
    return Issue(issuer, template.versions.get(), DAY), rule


def issued(run: ClassRun) -> None:
    """The job of a batch: a hundred people a transaction, each judged again, numbered, frozen and signed."""
    terms, rule = terms_for(run)
    officer = User.objects.create(username="bench")
    chosen = list(run.enrolments.values_list("pk", flat=True))
    took = seconds(lambda: jobs.start(run, terms, chosen, user=officer, rule=rule))
    batch = IssueBatch.objects.get()
    total = len(chosen)
    if (batch.state, batch.done) != (IssueBatch.State.DONE, total):
        raise SystemExit(f"The batch ended as {batch.state} with {batch.done} of {total}: {batch.error}")
    print(f"issued by the job of a batch: {total:,} in {took:.1f} s, {total / took:.0f}/s")


def stored(run: ClassRun) -> list[Certificate]:
    rows = Certificate.objects.filter(enrolment__run=run).select_related("enrolment", "version__template")
    return list(rows.order_by("issued_on", "number_key"))


def in_the_product(total: int) -> None:
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        run = class_of(total)
        issued(run)
        site, rows = "https://peixun.example.cn", stored(run)
        files = (merged_pdf(part_of(rows, part), site=site, title=run.name) for part in parts(total))
        in_bulk(f"stored ones, merged by parts of {PAGES_A_FILE}", total, files)
        packed = (zip_of(part_of(rows, part), site=site, day=DAY) for part in parts(total))
        in_bulk("stored ones, ZIP of singles by parts", total, packed)
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--pages", type=int, default=5000)
    asked.add_argument("--only", choices=("drawing", "product"))
    given = asked.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, typst {typst.__version__}")
    if given.only != "drawing":
        in_the_product(given.pages)
    if given.only != "product":
        on_paper(given.pages)


def on_paper(total: int) -> None:
    layouts = {title: parse(data) for title, data in default_layouts().items()}
    against_bare(layouts["结业证书"])
    for title, layout in layouts.items():
        in_bulk(f"ZIP of singles, {title}", total, zipped(singles(layout, total), day=DAY))
    layout, seal = sealed(layouts["结业证书"])
    in_bulk("ZIP of singles with a seal", total, zipped(singles(layout, total, seal), day=DAY))
    for title, layout in layouts.items():
        pages = (page(layout, number) for number in range(total))
        in_bulk(f"merged, {PAGES_A_FILE} a PDF, {title}", total, merged(pages, day=DAY))


if __name__ == "__main__":
    main()
