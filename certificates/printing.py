"""From certificates to paper: what each said when it was issued, by the layout that it was issued by.

Nothing here looks at today's name, run, bureau or template: the same certificate gives the same bytes,
years later.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from certificates.drawing.bundles import PAGES_A_FILE, file_name, zipped
from certificates.drawing.facts import Facts
from certificates.drawing.fonts import missing_glyphs
from certificates.drawing.layouts import Layout
from certificates.drawing.parsing import parse
from certificates.drawing.pdf import draw
from certificates.drawing.sheets import Page
from certificates.models import Certificate, Picture, TemplateVersion
from certificates.pictures import content_of
from certificates.signing import qr_text

# So many are drawn while a page waits; more come in parts.
MOST_AT_ONCE = PAGES_A_FILE


class PictureLost(RuntimeError):
    """The disk has lost a picture of a template: without it the certificate would not be what was issued."""


def site_of(request: HttpRequest) -> str:
    """Where peixun is found from outside, without a slash at the end: it stands in every code."""
    return (settings.PEIXUN_ADDRESS or request.build_absolute_uri("/")).rstrip("/")


def facts_of(certificate: Certificate) -> Facts:
    """What was frozen at issue, as it is printed."""
    known = {field.name for field in fields(Facts)}
    own = {"name": certificate.name, "title": certificate.title}
    kept: dict[str, Any] = own | {name: value for name, value in certificate.frozen.items() if name in known}
    for name in ("starts_on", "ends_on", "issued_on", "expires_on"):
        kept[name] = day_of(kept.get(name))
    kept["hours"] = Decimal(kept["hours"]) if kept.get("hours") else None
    return Facts(**kept)


def day_of(value: Any) -> datetime.date | None:
    """A day from a row that was read (ISO), or from one that is not saved yet."""
    return datetime.date.fromisoformat(value) if isinstance(value, str) and value else value or None


def pages_of(certificates: Iterable[Certificate], *, site: str) -> Iterator[Page]:
    """A page for each; every layout is read once. Needs `version__template`. One query a layout."""
    looks: dict[int, tuple[Layout, Mapping[str, bytes]]] = {}
    for certificate in certificates:
        version = certificate.version
        if version is None:
            raise ValueError("A certificate from elsewhere has no layout.")
        if version.pk not in looks:
            layout = parse(version.layout)
            looks[version.pk] = (layout, pictures_of(version, layout))
        layout, pictures = looks[version.pk]
        yield Page(
            layout=layout,
            values=facts_of(certificate).values(),
            qr=qr_text(certificate, site),
            pictures=pictures,
        )


def pictures_of(version: TemplateVersion, layout: Layout) -> dict[str, bytes]:
    """The pictures of a layout, by SHA-256, unsealed. One query at most.

    Those that were tied to the version when it was made: the database keeps them as long as it. Raises
    `PictureLost` where the disk has lost one all the same.
    """
    wanted = layout.digests()
    if not wanted:
        return {}
    try:
        tied = Picture.objects.filter(uses__version=version)
        found = {picture.digest: content_of(picture) for picture in tied}
    except FileNotFoundError as error:
        raise PictureLost(f"A file of version {version.pk}") from error
    if lost := wanted - set(found):
        raise PictureLost(f"{len(lost)} of the pictures of version {version.pk}")
    return found


def pdf_of(certificate: Certificate, *, site: str) -> bytes:
    """Its PDF: the same bytes each time, as long as `site` is the same."""
    return merged_pdf([certificate], site=site, title=certificate.title)


def merged_pdf(certificates: Sequence[Certificate], *, site: str, title: str) -> bytes:
    """One PDF with a page each. Draws at most `MOST_AT_ONCE`; see `part_of`."""
    newest = max(certificate.issued_on or datetime.date.min for certificate in certificates)
    author = certificates[0].frozen.get("issuer", "")
    return draw(
        list(pages_of(certificates, site=site)),
        day=newest,
        title=title,
        author=author,
        fonts=settings.PEIXUN_FONT_PATHS,
    )


def zip_of(certificates: Sequence[Certificate], *, site: str, day: datetime.date) -> bytes:
    """A ZIP with a PDF each, named by number: no name stands in a file's name."""
    pages = pages_of(certificates, site=site)
    files = (
        (
            file_name(certificate.number),
            draw(
                [page],
                day=certificate.issued_on or day,
                title=certificate.title,
                author=certificate.frozen.get("issuer", ""),
                fonts=settings.PEIXUN_FONT_PATHS,
            ),
        )
        for certificate, page in zip(certificates, pages, strict=True)
    )
    return b"".join(zipped(files, day=day))


def part_of(certificates: Sequence[Certificate], part: int) -> Sequence[Certificate]:
    """The certificates of part 1, 2 …; empty past the last."""
    return certificates[(part - 1) * MOST_AT_ONCE : part * MOST_AT_ONCE] if part > 0 else []


def parts(count: int) -> range:
    """The numbers of the parts in which so many are downloaded."""
    return range(1, -(-count // MOST_AT_ONCE) + 1)


def undrawable(certificates: Iterable[Certificate]) -> list[tuple[str, str]]:
    """(name, characters) of those whose text has characters that no font has: to be told before issue."""
    found = []
    for certificate in certificates:
        text = "".join(facts_of(certificate).values().values())
        if missing := missing_glyphs(text, settings.PEIXUN_FONT_PATHS):
            found.append((certificate.name, "、".join(missing)))
    return found


def download_name(run: str, *, part: int, of: int, ending: str) -> str:
    """The name of a run's file, with its part where there are several."""
    counted = _("（第 %(part)d 份，共 %(of)d 份）") % {"part": part, "of": of} if of > 1 else ""
    return file_name(f"{run} {_('证书')}{counted}").removesuffix(".pdf") + ending
