"""Searching for people without their names in addresses: the words are posted and kept in the session."""

import re

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext as _

LONGEST = 60
LIKE_AN_ID_NUMBER = re.compile(r"\d{12}")


def keep_search(request: HttpRequest) -> HttpResponseRedirect:
    """Keeps the posted words for this page, and shows it again from its first page on.

    Words that look like an ID number are not kept: the session is no place for one.
    """
    words = request.POST.get("q", "").replace("\x00", "").strip()[:LONGEST]
    if LIKE_AN_ID_NUMBER.search(words):
        messages.warning(request, _("这里不能用身份证号查找，请按姓名或单位查找。"))
        words = ""
    request.session[_key(request)] = words
    query = request.GET.copy()
    query.pop("page", None)
    return HttpResponseRedirect(f"{request.path}?{query.urlencode()}" if query else request.path)


def kept_search(request: HttpRequest) -> str:
    """The words that were kept for this page; empty where there are none."""
    return str(request.session.get(_key(request), ""))


def _key(request: HttpRequest) -> str:
    return f"search {request.path}"
