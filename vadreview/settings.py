"""Every setting of the web application; each comes from the environment, with a safe embedded default.

Embedded (nothing set): SQLite, a file broker and local media under VADREVIEW_DATA (default ./data).
Beyond one machine: DATABASE_URL=postgres://..., BROKER_URL=redis://..., SECRET_KEY, ALLOWED_HOSTS. Same code.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from vadreview.embedded_queue import transport_options

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str = "") -> str:
    """Read a setting; `NAME_FILE` names a file that holds it (docker secrets)."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default)


def env_bool(name: str, default: bool = False) -> bool:
    return env(name, str(default)).strip().lower() in {"1", "true", "yes", "on"}


def env_int(name: str, default: int) -> int:
    value = env(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, got {value!r}") from None


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in env(name, default).split(",") if part.strip()]


DATA_DIR = Path(env("VADREVIEW_DATA", str(BASE_DIR / "data"))).resolve()
MEDIA_ROOT = DATA_DIR / "media"
CACHE_DIR = Path(env("VADREVIEW_CACHE", str(DATA_DIR / "cache")))

EMBEDDED = not env("DATABASE_URL")
TESTING = "pytest" in sys.modules


def _secret_key() -> str:
    """Return SECRET_KEY; embedded installs make one on first start, in a file only the owner can read."""
    key = env("SECRET_KEY")
    if key:
        return key
    if not EMBEDDED and not TESTING:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Set it (or SECRET_KEY_FILE) to a long random string; "
            "only an embedded install (no DATABASE_URL) makes its own."
        )
    path = DATA_DIR / "secret_key"
    if not path.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"secret_key.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50), encoding="utf-8")
        try:
            os.link(draft, path)  # two first starts at once: one wins, both read the same key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="utf-8").strip()


SECRET_KEY = _secret_key()
DEBUG = env_bool("DEBUG")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "vadreview.accounts.site.SuperuserAdminConfig",  # Django's admin, for superusers only
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "vadreview",
    "vadreview.accounts",
    "vadreview.footage",
    "vadreview.runs",
    "vadreview.review",
    "vadreview.exports",
    "vadreview.api",
]

MIDDLEWARE = [
    "vadreview.api.silence.LetGoOfSilentClients",
    "django.middleware.security.SecurityMiddleware",
    "vadreview.api.middleware.ContentSecurityPolicy",
    "vadreview.api.middleware.RefuseNul",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "vadreview.urls"
WSGI_APPLICATION = "vadreview.wsgi.application"
FRONTEND_DIST = Path(env("VADREVIEW_FRONTEND", str(BASE_DIR / "frontend" / "dist")))

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


def _databases() -> dict:
    url = env("DATABASE_URL")
    if not url:
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        return {
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": env("DATABASE_FILE") or DATA_DIR / "db.sqlite3",
                "OPTIONS": {
                    # IMMEDIATE: a writer waits at BEGIN instead of failing at its first write
                    "transaction_mode": "IMMEDIATE",
                    "timeout": 20,
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
                },
                # a file, not memory: the live server, workers and tests open it from several threads
                "TEST": {"NAME": str(DATA_DIR / "test.sqlite3")},
            }
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// (leave it unset for SQLite)")
    return {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or "") or env("DATABASE_PASSWORD"),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            # a worker sits in one long task: an idle connection there only goes stale
            "CONN_MAX_AGE": env_int("CONN_MAX_AGE", 60),
            "CONN_HEALTH_CHECKS": True,
        }
    }


DATABASES = _databases()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
# the Vite build; its file names carry a content hash, so WhiteNoise may call them immutable
STATICFILES_DIRS = [FRONTEND_DIST] if FRONTEND_DIST.is_dir() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG


def WHITENOISE_IMMUTABLE_FILE_TEST(path: str, url: str) -> bool:
    return "/assets/" in url


SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
BEHIND_TLS = env_bool("BEHIND_TLS")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = BEHIND_TLS
CSRF_COOKIE_SECURE = BEHIND_TLS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "vadreview.api.errors.csrf_failure"
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31536000

# Browsers must never be told a cached answer of another user is theirs; each view says more where it can.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env("CACHE_URL"),
    }
    if env("CACHE_URL")
    # files, not memory: throttles must count over all web threads and processes
    else {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": DATA_DIR / "cache" / "web",
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "vadreview.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["vadreview.api.parsers.StorableJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "vadreview.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "vadreview.api.errors.handle",
    "DEFAULT_THROTTLE_RATES": {
        "signin": "5/min",
        "run": "60/hour",
        "upload": "2000/hour",
        "ground_truth": "300/hour",
    },
    "NUM_PROXIES": env_int("NUM_PROXIES", 0),
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "vadreview",
    "DESCRIPTION": "Footage in, labeled dataset out. Frame numbers are 0-based source frames; spans are half-open.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/",
    "ENUM_NAME_OVERRIDES": {
        "Role": "vadreview.accounts.models.Role",
        "JobStatus": "vadreview.jobs.JobStatus",
        "VideoState": "vadreview.footage.models.Video.State",
        "RunMode": "vadreview.runs.models.Run.Mode",
        "NewRunMode": ["merged", "partial"],
        "UploadStatus": "vadreview.footage.models.Upload.Status",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "vadreview.api.schema.finish",
    ],
}

# Work. The database is the truth, a message only rings: see vadreview/jobs.py
BROKER_DIR = DATA_DIR / "broker"
CELERY_BROKER_URL = env("BROKER_URL") or "atomicfile://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS = {} if env("BROKER_URL") else transport_options(BROKER_DIR)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "ingest"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_ACKS_LATE = False  # the row's heartbeat, not the broker, decides whether work was lost
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
JOB_HEARTBEAT_S = env_int("JOB_HEARTBEAT_S", 2)
JOB_STALE_S = env_int("JOB_STALE_S", 60)
JOB_HANG_S = env_int("JOB_HANG_S", 3600)  # work that reports nothing for this long ends its worker process
JOB_ATTEMPTS = 3
SWEEP_EVERY_S = env_int("SWEEP_EVERY_S", 60)

# A request ends when its client neither sends nor takes a byte for this long (an upload goes on later)
CLIENT_SILENCE_S = env_int("CLIENT_SILENCE_S", 30)

# Uploads
UPLOAD_MAX_BYTES = env_int("UPLOAD_MAX_BYTES", 64 * 1024**3)
UPLOAD_CHUNK_BYTES = 8 * 1024**2
UPLOAD_EXPIRE_S = env_int("UPLOAD_EXPIRE_S", 24 * 3600)
UPLOAD_OPEN_PER_USER = env_int("UPLOAD_OPEN_PER_USER", 500)
PROJECT_QUOTA_BYTES = env_int("PROJECT_QUOTA_BYTES", 0)  # 0: no quota but the disk
DISK_FLOOR_BYTES = env_int("DISK_FLOOR_BYTES", 1024**3)
GROUND_TRUTH_MAX_BYTES = env_int("GROUND_TRUTH_MAX_BYTES", 60 * 1024**2)  # nginx lets 64 MiB through
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024**2
DATA_UPLOAD_MAX_NUMBER_FILES = 5000  # a folder of mask images

# Ingest limits: one file may not take the machine with it
INGEST_MEMORY_BYTES = env_int("INGEST_MEMORY_BYTES", 4 * 1024**3)
INGEST_STALL_S = env_int("INGEST_STALL_S", 120)
INGEST_MAX_DURATION_S = env_int("INGEST_MAX_DURATION_S", 48 * 3600)
INGEST_MAX_PIXELS = env_int("INGEST_MAX_PIXELS", 8192 * 4320)

# With nginx in front, files go out by X-Accel-Redirect from this internal location (see deploy in the README)
X_ACCEL_PREFIX = env("X_ACCEL_PREFIX")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", "INFO")},
    "loggers": {"django.request": {"level": "ERROR"}},
}
