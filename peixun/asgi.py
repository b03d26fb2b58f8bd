"""Pages and sockets, for an ASGI server."""

import gc
import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peixun.settings")
pages = get_asgi_application()

from ledgers.consumers import socket_patterns  # noqa: E402  (models must be loaded first)

application = ProtocolTypeRouter(
    {
        "http": pages,
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(socket_patterns))),
    }
)
gc.freeze()  # what is loaded by now stays: not to be gone through again and again
