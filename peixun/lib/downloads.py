"""Files that a page gives to be saved."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header


def workbook_response(content: bytes, name: str) -> HttpResponse:
    """A workbook under `name`, which may be Chinese."""
    response = HttpResponse(
        content, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response
