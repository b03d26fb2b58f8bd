"""Pages of signed-in people stay in no cache: computers in a training room have many users."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class PersonalPagesAreNotStored:
    """Answers to signed-in users get `private, no-store`, unless the view says otherwise.

    Stands after `AuthenticationMiddleware`; static files are answered before it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response
