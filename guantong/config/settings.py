"""Django's settings, all from the environment. A trial needs none, a real one ALLOWED_HOSTS.

GUANTONG_DATA          folder of database, keys, files and caches (default: var/ beside manage.py)
DATABASE_URL           sqlite:///path or postgresql://user:password@host:port/name
                       (default: SQLite in the data folder)
ALLOWED_HOSTS          the site's names, separated by commas. Naming them makes this a real
                       installation: HTTPS only, secure cookies, collected static files
GUANTONG_BEHIND_PROXY  1: the proxy in front sets X-Forwarded-Proto and lets nobody else set it
GUANTONG_SECRET_KEY    signs sessions (default: a key file in the data folder, made on first use)
GUANTONG_NOTIFY        mail server and bots for the weekly digest (default: notify.yaml in the
                       data folder; without it nothing is sent)
GUANTONG_CATALOGUE     folder of rules (default: catalogue/ beside manage.py)
DEBUG                  1: error pages with code, for developers; never with ALLOWED_HOSTS
"""

import os
from pathlib import Path
from typing import Any

from django.utils.csp import CSP

from guantong.config.data import data_folder, secret_key
from guantong.config.database import database

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = data_folder(Path(os.environ.get("GUANTONG_DATA") or ROOT / "var").resolve())
CATALOGUE_DIR = Path(os.environ.get("GUANTONG_CATALOGUE") or ROOT / "catalogue").resolve()

NOTIFY = Path(os.environ.get("GUANTONG_NOTIFY") or DATA / "notify.yaml").resolve()

HOSTS = [host for host in os.environ.get("ALLOWED_HOSTS", "").replace(" ", "").split(",") if host]
REAL = bool(HOSTS)
DEBUG = os.environ.get("DEBUG") == "1" and not REAL
SECRET_KEY = os.environ.get("GUANTONG_SECRET_KEY") or secret_key(DATA)
ALLOWED_HOSTS = HOSTS or ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "guantong.records",
    "guantong.web",  # before these: its templates win
    "django.forms",  # the templates of its widgets, for FORM_RENDERER
    "guantong.cli",
    "allauth",
    "allauth.account",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "guantong.config.methods.get_and_post",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "guantong.config.privacy.no_store",
    "guantong.config.busy.SaysBusy",
    "guantong.web.reading.asks_once",
]
ROOT_URLCONF = "guantong.config.urls"
WSGI_APPLICATION = "guantong.config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "guantong.web.context.page",
            ]
        },
    }
]

FORM_RENDERER = "guantong.web.form_rendering.Renderer"

# Storage

DATABASES = {"default": database(os.environ.get("DATABASE_URL", ""), data=DATA)}
CACHES = {
    "default": {  # shared by the workers, for the limits on sign-in attempts
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": DATA / "cache",
    }
}
MEDIA_ROOT = DATA / "files"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000  # a roster of a large branch in one form

# Static files: a trial serves them from the packages, a real installation runs collectstatic.

STATIC_URL = "static/"
STATIC_ROOT = DATA / "static" if REAL else None
WHITENOISE_USE_FINDERS = not REAL
STATIC_STORAGE = (
    "whitenoise.storage.CompressedManifestStaticFilesStorage"
    if REAL
    else "django.contrib.staticfiles.storage.StaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": STATIC_STORAGE},
}

# Language and time

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# People

AUTH_USER_MODEL = "records.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "guantong.config.accounts.Adapter"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_SESSION_REMEMBER = False  # office computers are shared
SESSION_COOKIE_AGE = 8 * 60 * 60  # a working day
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# Protection

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = REAL
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if REAL else 0
if os.environ.get("GUANTONG_BEHIND_PROXY") == "1":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # the names below the site's are not ours to force to HTTPS,
    "security.W021",  # nor to enter into the browsers' lists
]

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "psycopg.pool": {"level": "ERROR"},  # each try; what came of it is told by who asked
    },
}
