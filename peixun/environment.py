"""What the settings read from the environment, checked loudly.

A value that cannot be used stops the start with one sentence that names the variable: a server that
starts with a misread setting does more harm than one that does not start.
"""

import base64
import binascii
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
DATABASES = ("sqlite", "postgres", "postgresql", "psql", "pgsql")
MAIL = ("smtp", "smtp+tls", "smtp+ssl", "consolemail")
KEY_BYTES = 32


class Environment:
    """The process's environment over the `.env` file of `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.values = environ.Env()
        environ.Env.read_env(root / ".env")

    def text(self, name: str, default: str = "") -> str:
        """The value, or `default` where it is unset or empty."""
        return str(self.values.str(name, "")).strip() or default

    def flag(self, name: str, *, default: bool) -> bool:
        text = self.text(name, "true" if default else "false").lower()
        if text in ("1", "true", "yes", "on"):
            return True
        if text in ("0", "false", "no", "off"):
            return False
        raise ImproperlyConfigured(f"{name} must be true or false, not {text!r}.")

    def number(self, name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
        text = self.text(name, str(default))
        if not text.isdigit() or int(text) < least or (most is not None and int(text) > most):
            limits = f"at least {least}" if most is None else f"{least} to {most}"
            raise ImproperlyConfigured(f"{name} must be a whole number of {limits}, not {text!r}.")
        return int(text)

    def words(self, name: str, default: str = "") -> list[str]:
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def folders(self, name: str) -> tuple[Path, ...]:
        """Paths of folders that are there, separated by commas."""
        found = tuple(Path(word) for word in self.words(name))
        for folder in found:
            if not folder.is_dir():
                raise ImproperlyConfigured(f"{name}: there is no folder {folder}.")
        return found

    def choice(self, name: str, default: str, among: tuple[str, ...]) -> str:
        text = self.text(name, default)
        if text not in among:
            raise ImproperlyConfigured(f"{name} must be one of {', '.join(among)}, not {text!r}.")
        return text

    def classes(self, name: str, default: str, *, short: dict[str, str]) -> list[str]:
        """Dotted paths of classes, of which those in `short` may be written by a short word."""
        found = self.words(name, default)
        for word in found:
            if word not in short and "." not in word:
                known = ", ".join(short)
                raise ImproperlyConfigured(
                    f"{name} must hold {known} or dotted paths of classes, not {word!r}."
                )
        return [short.get(word, word) for word in found]

    def origins(self, name: str) -> list[str]:
        found = self.words(name)
        for origin in found:
            if urlsplit(origin).scheme not in ("http", "https") or not urlsplit(origin).netloc:
                raise ImproperlyConfigured(
                    f"{name} must hold origins like https://example.cn, not {origin!r}."
                )
        return found

    def database(self, name: str, default: str) -> dict[str, object]:
        url = self.text(name, default)
        if urlsplit(url).scheme not in DATABASES:
            raise ImproperlyConfigured(f"{name} must be a sqlite:// or postgres:// address.")
        return dict(self.values.db_url_config(url))

    def redis(self, name: str) -> str:
        url = self.text(name)
        if url and urlsplit(url).scheme not in ("redis", "rediss", "unix"):
            raise ImproperlyConfigured(f"{name} must be a redis:// address.")
        return url

    def email(self, name: str, default: str) -> dict[str, Any]:
        """Django's EMAIL_ settings from an address of a mail server."""
        url = self.text(name, default)
        if urlsplit(url).scheme not in MAIL:
            raise ImproperlyConfigured(f"{name} must be a smtp://, smtp+tls:// or smtp+ssl:// address.")
        return dict(self.values.email_url_config(url))

    def secret(self, name: str, *, folder: Path, may_make: bool) -> str:
        """The secret `name`; in development one made on first start and kept in `folder`."""
        if text := self.text(name):
            return text
        if not may_make:
            raise ImproperlyConfigured(f"{name} must be set where DEBUG is false: see .env.example.")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / name.lower()
        try:
            with path.open("x", encoding="ascii") as file:
                path.chmod(0o600)
                file.write(base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode())
        except FileExistsError:
            pass
        return path.read_text(encoding="ascii").strip()

    def keys(self, name: str, *, folder: Path, may_make: bool) -> list[bytes]:
        """Keys of 32 bytes in URL-safe base64, separated by commas."""
        text = self.secret(name, folder=folder, may_make=may_make)
        try:
            found = [base64.urlsafe_b64decode(part.strip()) for part in text.split(",")]
        except (binascii.Error, ValueError) as error:
            raise ImproperlyConfigured(f"{name} must be URL-safe base64.") from error
        if any(len(key) != KEY_BYTES for key in found):
            raise ImproperlyConfigured(f"{name} must hold keys of {KEY_BYTES} bytes in URL-safe base64.")
        return found
