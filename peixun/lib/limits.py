"""Limits of what anybody may try; the rates stand in `ACCOUNT_RATE_LIMITS`."""

from __future__ import annotations

from allauth.core.internal import ratelimit
from django.http import HttpRequest


def within(request: HttpRequest, action: str, *, key: str = "", count: bool = True) -> bool:
    """Whether one more try of `action` is within its limit, a GET's too; counted unless told otherwise.

    allauth's public function either leaves GETs out, or draws a whole page as its answer: whoever floods us
    would have two pages drawn for each request.
    """
    usage = ratelimit.consume(
        request, app="allauth.account", action=action, key=key, limit_get=True, dry_run=not count
    )
    return usage is not None
