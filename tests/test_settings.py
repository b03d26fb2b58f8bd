"""Settings come from the environment and fail loudly."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
PRODUCTION = {
    "DEBUG": "false",
    "SECRET_KEY": "a-long-enough-secret-for-a-test-of-the-settings-only",
    "PEIXUN_FIELD_KEYS": KEY,
    "PEIXUN_DIGEST_KEY": KEY,
    "ALLOWED_HOSTS": "peixun.example.cn",
}


def settings_under(**environment: str) -> subprocess.CompletedProcess[str]:
    """Reads the settings in a process of its own and prints the DEBUG that they give."""
    code = "from peixun import settings as s; print(s.DEBUG, s.PEIXUN_JOBS, s.DATABASES['default']['ENGINE'])"
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], cwd=ROOT, env=inherited | environment, capture_output=True, text=True
    )


def test_nothing_set_means_development_on_sqlite():
    assert settings_under().stdout.split() == ["True", "inline", "django.db.backends.sqlite3"]


def test_production_starts_with_real_keys():
    result = settings_under(**PRODUCTION)
    assert result.stdout.split()[:2] == ["False", "worker"], result.stderr


@pytest.mark.parametrize("missing", ["SECRET_KEY", "PEIXUN_FIELD_KEYS", "PEIXUN_DIGEST_KEY"])
def test_production_demands_each_key(missing):
    result = settings_under(**{**PRODUCTION, missing: ""})
    assert result.returncode != 0
    assert missing in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("LOG_LEVEL", "LOUD"),
        ("DATABASE_URL", "mysql://root@localhost/peixun"),
        ("REDIS_URL", "http://localhost"),
        ("CSRF_TRUSTED_ORIGINS", "peixun.example.cn"),
        ("PEIXUN_UPLOAD_MAX_MIB", "many"),
        ("PEIXUN_UPLOAD_KEEP_DAYS", "0"),
        ("PEIXUN_JOBS", "sometimes"),
        ("PEIXUN_FIELD_KEYS", "short"),
    ],
)
def test_a_bad_value_stops_the_start_and_is_named(name, value):
    result = settings_under(**{name: value})
    assert result.returncode != 0
    assert name in result.stderr.splitlines()[-1]


def test_every_setting_is_explained_in_the_example():
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    source = (ROOT / "peixun" / "settings.py").read_text(encoding="utf-8")
    names = {
        line.split('("')[1].split('"')[0] for line in source.splitlines() if "env." in line and '("' in line
    }
    assert names
    assert [name for name in sorted(names) if f"\n{name}=" not in example] == []


def test_a_folder_of_fonts_that_is_not_there_stops_the_start(tmp_path):
    assert settings_under(PEIXUN_FONT_PATHS=str(tmp_path)).returncode == 0
    result = settings_under(PEIXUN_FONT_PATHS=f"{tmp_path},{tmp_path}/none")
    assert result.returncode != 0
    assert "PEIXUN_FONT_PATHS: there is no folder" in result.stderr
