"""Codes by SMS, where the settings say that messages reach phones. A code stands in no log."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from peixun.lib.sms import Sms, open_backend

P = ParamSpec("P")
OpenView = Callable[Concatenate[HttpRequest, P], HttpResponse]
logger = logging.getLogger(__name__)
# Beside the request: a carrier takes a while, and only a number that is known is given to it.
outgoing = ThreadPoolExecutor(4, thread_name_prefix="sms-codes")


def are_offered() -> bool:
    return settings.ACCOUNT_LOGIN_BY_CODE_ENABLED


def offered(view: OpenView[P]) -> OpenView[P]:
    """For views of anybody that need codes: 404 where none are sent."""

    @login_not_required
    @wraps(view)
    def answered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not are_offered():
            raise Http404
        return view(request, *args, **kwargs)

    return answered


@sensitive_variables()
def send(code: str, *, to: str) -> None:
    """Has `code` sent to a mobile number of 11 digits; the page neither waits for it nor hears how it went.

    Else its answer, or the time that it takes, would tell a known number from an unknown one.
    """
    words = {"site": settings.PEIXUN_SITE_NAME, "code": code}
    text = _("【%(site)s】验证码 %(code)s，5 分钟内有效。请不要告诉任何人。") % words
    outgoing.submit(give_over, Sms(f"code-{secrets.token_hex(8)}", to, text))


@sensitive_variables()
def give_over(sms: Sms) -> None:
    """Gives it to the carrier. One that fails is logged, without the number."""
    backend = open_backend()
    try:
        backend.send(sms)
    except Exception as error:  # noqa: BLE001 - whatever a carrier raises may name the number
        logger.error("A code was not sent by SMS: %s", type(error).__name__)
    finally:
        backend.close()
