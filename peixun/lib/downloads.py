"""Files that a page gives to be saved."""

from typing import TypeVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
R = TypeVar("R", bound=HttpResponseBase)


def attachment(response: R, name: str) -> R:
    """To be saved under `name`, which may be Chinese (RFC 5987)."""
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response


def workbook_response(content: bytes, name: str) -> HttpResponse:
    """A workbook under `name`."""
    return attachment(HttpResponse(content, content_type=XLSX), name)
