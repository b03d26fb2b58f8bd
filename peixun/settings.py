"""All settings, from the environment; `.env.example` explains each.

Nothing set means development on SQLite, with keys made on first start and kept in `var/keys`.
"""

import os
import sys
from pathlib import Path
from typing import Any

from csp.constants import NONCE, SELF
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from peixun.environment import LOG_LEVELS, Environment

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
KEY_DIR = VAR_DIR / "keys"
env = Environment(BASE_DIR)
TESTING = "pytest" in sys.modules

# --- Core ---------------------------------------------------------------------------------------
DEBUG = env.flag("DEBUG", default=True)
SECRET_KEY = env.secret("SECRET_KEY", folder=KEY_DIR, may_make=DEBUG)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if DEBUG else "")
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", LOG_LEVELS)

ROOT_URLCONF = "peixun.urls"
ASGI_APPLICATION = "peixun.asgi.application"
WSGI_APPLICATION = "peixun.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "daphne",
    "peixun.lib",
    "bureaus",
    "learners",
    "courses",
    "certificates",
    "ledgers",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "channels",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "import_export",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "peixun.lib.language.ChineseUnlessChosen",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "peixun.lib.privacy.PersonalPagesAreNotStored",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "bureaus.sign_in.FirstPasswordIsChanged",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "peixun" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["peixun.lib.templatetags.elements", "django.contrib.humanize.templatetags.humanize"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "peixun.navigation.page",
            ],
        },
    }
]

# --- Data ---------------------------------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.database("DATABASE_URL", f"sqlite:///{VAR_DIR}/db.sqlite3")
}
SQLITE = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
if SQLITE:
    VAR_DIR.mkdir(exist_ok=True)
    # IMMEDIATE takes the write lock when a transaction opens: a later upgrade would answer "locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # A file, as in use: SQLite's database in memory knows no WAL, and its locks are others.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / f"test-{os.getpid()}.sqlite3"}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

REDIS_URL = env.redis("REDIS_URL")
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "peixun",
        # The limits are counted here: with 300, the default, so many addresses would push out each other's.
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}
if REDIS_URL:
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
if REDIS_URL and not TESTING:  # the processes of a test run would empty one another's
    CACHES["default"] = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}

MEDIA_ROOT = Path(env.text("MEDIA_ROOT", str(VAR_DIR / "media")))

# Jobs: "worker" leaves them to `manage.py db_worker`; "inline" runs them in the request, so that a
# plain `runserver` works with nothing beside it.
PEIXUN_JOBS = env.choice("PEIXUN_JOBS", "inline" if DEBUG else "worker", ("inline", "worker"))
TASK_BACKENDS = {
    "inline": "django_tasks.backends.immediate.ImmediateBackend",
    "worker": "django_tasks_db.DatabaseBackend",
}
TASKS = {"default": {"BACKEND": TASK_BACKENDS[PEIXUN_JOBS], "ENQUEUE_ON_COMMIT": True}}

# --- Language and time --------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("英文"))]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LOCALE_PATHS = [BASE_DIR / "peixun" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["peixun.formats"]

# --- Static files -------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "peixun" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG or TESTING
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}

# --- Sign-in ------------------------------------------------------------------------------------
AUTH_USER_MODEL = "bureaus.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("ledgers:home")
ACCOUNT_ADAPTER = "bureaus.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "phone"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "phone", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PHONE_VERIFICATION_ENABLED = False
ACCOUNT_PHONE_VERIFICATION_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 5 * 60
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
# A training room signs in from one address within a minute: the address may try often, one account may not.
# It checks in and evaluates from there too; the key of a check-in is the session and the name that was typed.
ACCOUNT_RATE_LIMITS = {
    "login": "600/m/ip",
    "login_failed": "300/m/ip,5/5m/key",
    # Codes by SMS: many from one room, few to one phone.
    "request_login_code": "300/m/ip,3/10m/key,10/d/key",
    "check_in": "300/m/ip,6/10m/key",
    "evaluate": "300/m/ip",
    # Checks of certificates; those that found none, from one address and from all; numbers with a wrong name
    # (an address that tried too many is told nothing more, right or wrong); names tried on one number.
    "certificate": "600/m/ip",
    "certificate_miss": "30/m/ip,600/m/key",
    "certificate_wrong": "30/10m/ip",
    "certificate_name": "20/10m/key",
    # Records looked up without an account. Wrong tries count by the number or phone, and by the name: of
    # somebody whose birthday and county are known, some hundred numbers are left to try.
    "look_up": "300/m/ip",
    "look_up_number": "5/10m/key,20/d/key",
    "look_up_name": "10/h/key,30/d/key",
    "look_up_code": "3/10m/key,10/d/key",
    "look_up_code_try": "3/10m/key",
    # PDFs drawn while one record stands open: as many as anybody needs.
    "look_up_pdf": "30/10m/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("PEIXUN_TRUSTED_PROXIES", 0)

# --- Security -----------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": [SELF],
        "frame-ancestors": ["'none'"],
    }
}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG
CSRF_FAILURE_VIEW = "peixun.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
if not DEBUG:
    SECURE_SSL_REDIRECT = env.flag("PEIXUN_HTTPS", default=True)
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
    SECURE_HSTS_SECONDS = 31_536_000 if SECURE_SSL_REDIRECT else 0
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ALLAUTH_TRUSTED_PROXY_COUNT else None
# Uploads never touch the disk in the open: they stay in memory until they are sealed.
FILE_UPLOAD_HANDLERS = ["peixun.lib.uploads.InMemoryUpload"]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000  # a class of 300 people on one page

# Encrypted columns and files: the first key encrypts, all decrypt. The digest key never rotates.
PEIXUN_FIELD_KEYS = env.keys("PEIXUN_FIELD_KEYS", folder=KEY_DIR, may_make=DEBUG)
PEIXUN_DIGEST_KEY = env.keys("PEIXUN_DIGEST_KEY", folder=KEY_DIR, may_make=DEBUG)[0]

# --- peixun -------------------------------------------------------------------------------------
PEIXUN_SITE_NAME = env.text("PEIXUN_SITE_NAME", "培训台账")
PEIXUN_SPONSOR = env.text("PEIXUN_SPONSOR")
PEIXUN_ICP_NUMBER = env.text("PEIXUN_ICP_NUMBER")
# What the code on a certificate begins with: it must lead here years later, from whichever machine.
PEIXUN_ADDRESS = env.text("PEIXUN_ADDRESS")
# Looked at after the fonts of the packages: a free Kai for certificates, more rare characters.
PEIXUN_FONT_PATHS = env.folders("PEIXUN_FONT_PATHS")
PEIXUN_UPLOAD_MAX_MIB = env.number("PEIXUN_UPLOAD_MAX_MIB", 20, least=1)
# A million rows are 100 MiB; SQLite is promised to 100,000.
PEIXUN_LEDGER_MAX_MIB = env.number("PEIXUN_LEDGER_MAX_MIB", 20 if SQLITE else 200, least=1)
PEIXUN_UPLOAD_KEEP_DAYS = env.number("PEIXUN_UPLOAD_KEEP_DAYS", 30, least=1)

# --- Notices ------------------------------------------------------------------------------------
CHANNELS = {
    "console": "courses.channels.console.ConsoleChannel",
    "email": "courses.channels.mail.MailChannel",
    "sms": "courses.channels.sms.SmsChannel",
}
PEIXUN_CHANNELS = env.classes("PEIXUN_CHANNELS", "console" if DEBUG else "", short=CHANNELS)
PEIXUN_REMINDER_HOUR = env.number("PEIXUN_REMINDER_HOUR", 18, most=23)
PEIXUN_SMS_BACKEND = env.text("PEIXUN_SMS_BACKEND", "peixun.lib.sms.FileBackend")
PEIXUN_SMS_FOLDER = Path(env.text("PEIXUN_SMS_FOLDER", str(VAR_DIR / "sms")))
# Codes by SMS, for signing in and for looking up a record: only where messages do reach phones.
PEIXUN_SMS_CODES = env.flag("PEIXUN_SMS_CODES", default=False)
ACCOUNT_LOGIN_BY_CODE_ENABLED = PEIXUN_SMS_CODES
DEFAULT_FROM_EMAIL = env.text("PEIXUN_EMAIL_FROM", "peixun@localhost")
MAIL = env.email("EMAIL_URL", "consolemail://" if DEBUG else "smtp://localhost:25")
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = MAIL["EMAIL_BACKEND"], MAIL["EMAIL_HOST"], MAIL["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL["EMAIL_HOST_USER"] or "", MAIL["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.get("EMAIL_USE_TLS", False), MAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 20

# --- Registers in the admin ---------------------------------------------------------------------
IMPORT_EXPORT_USE_TRANSACTIONS = True
# The default leaves uploads that nobody confirmed in the temporary folder for ever.
IMPORT_EXPORT_TMP_STORAGE_CLASS = "import_export.tmp_storages.CacheStorage"
IMPORT_EXPORT_SKIP_ADMIN_LOG = False
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "change"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "view"
# What reads an uploaded table. It stands in an app above those who ask, so it is named here.
TABLE_READER = "ledgers.reading.register.read_apart"

# --- Logs ---------------------------------------------------------------------------------------
# Django prints the request's path only; no query string, form value or exception text of a form is logged.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {"django": {"level": LOG_LEVEL}, "daphne": {"level": "WARNING"}},
}
