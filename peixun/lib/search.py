"""Searching for people without their names in addresses: the words are posted and kept in the session.

The address says only that there are such words (`found=1`), so that a plain link shows everything again.
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

LONGEST = 60
LIKE_AN_ID_NUMBER = re.compile(r"\d{12}")
P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)
View = Callable[Concatenate[R, P], HttpResponseBase]


def searchable(view: View[R, P]) -> View[R, P]:
    """For views of lists: a posted search is kept, and the list shown again from its first page on."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def listed(request: R, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method == "POST":
            return keep_search(request)
        return view(request, *args, **kwargs)

    return cast("View[R, P]", listed)


def keep_search(request: HttpRequest) -> HttpResponseRedirect:
    """Words that look like an ID number are not kept: the session is no place for one."""
    words = request.POST.get("q", "").replace("\x00", "").strip()[:LONGEST]
    if LIKE_AN_ID_NUMBER.search(words):
        messages.warning(request, _("这里不能用身份证号查找，请按姓名或单位查找。"))
        words = ""
    request.session[_key(request)] = words
    query = request.GET.copy()
    for name in ("page", "found"):
        query.pop(name, None)
    if words:
        query["found"] = "1"
    return HttpResponseRedirect(f"{request.path}?{query.urlencode()}" if query else request.path)


def kept_search(request: HttpRequest) -> str:
    """The words of this page's search; empty where there is none."""
    return str(request.session.get(_key(request), "")) if request.GET.get("found") == "1" else ""


def _key(request: HttpRequest) -> str:
    return f"search {request.path}"
