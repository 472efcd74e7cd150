"""Settings, all from the environment; without one this is a safe production configuration that refuses to start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from climbiq import VERSION
from climbiq import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.flag("CLIMBIQ_DEBUG")
DEMO = env.flag("CLIMBIQ_DEMO")
TLS = env.flag("CLIMBIQ_TLS", default=not (DEBUG or DEMO))


def _secret(name: str) -> str:
    value = env.text(name)
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. `make run` makes one; in production set it yourself.")
    return value


SECRET_KEY = _secret("DJANGO_SECRET_KEY")
SECRET_KEY_FALLBACKS = [key for key in env.text("DJANGO_SECRET_KEY_FALLBACKS").split(",") if key]
RLS_KEY = bytes.fromhex(_secret("CLIMBIQ_RLS_KEY"))
TOKEN_PEPPER = _secret("CLIMBIQ_TOKEN_PEPPER").encode()
# The first encrypts the secrets of second factors, the others still open them; without any, SECRET_KEY does both.
MFA_KEYS = [key for key in env.text("CLIMBIQ_MFA_KEYS").split(",") if key]
if any(len(key) < 32 for key in MFA_KEYS):
    raise ImproperlyConfigured("CLIMBIQ_MFA_KEYS: a key has 32 characters at least.")

ALLOWED_HOSTS = [h for h in env.text("CLIMBIQ_HOSTS", "localhost,127.0.0.1,[::1]").split(",") if h]
CSRF_TRUSTED_ORIGINS = [o for o in env.text("CLIMBIQ_ORIGINS").split(",") if o]

ROOT_URLCONF = "climbiq.urls"
ASGI_APPLICATION = "climbiq.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # e-mail addresses are unique by a case-blind index

INSTALLED_APPS = [
    "climbiq.common.admin_config.ClimbIQAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",  # its widgets' templates, so that ours in templates/django/forms can replace them
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "django_htmx",
    "csp",
    "django_eventstream",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "climbiq.common",
    "climbiq.accounts",
    "climbiq.jobs",
    "climbiq.live",
    "sessions_app",
    "experts",
    "modeling",
    "recommendations",
]

MIDDLEWARE = [
    "climbiq.common.middleware.ReleaseConnections",
    "climbiq.common.api_errors.ProblemsUnderApi",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "climbiq.common.middleware.PrivateByDefault",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "climbiq.accounts.session_lifetime.SessionLifetime",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "climbiq.accounts.middleware.RowLevelSecurity",
    "climbiq.accounts.app_login.StrictBodies",
    "climbiq.accounts.middleware.ClosedAccounts",
    "climbiq.accounts.middleware.SecondFactorForStaff",
    "climbiq.accounts.middleware.ClimberTimeZone",
    "climbiq.common.middleware.RefusedMethodPage",
    "climbiq.common.middleware.DatabaseAway",
    "sessions_app.views.gone.DeletedMeanwhile",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
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

# --- Data -----------------------------------------------------------------------------------------------------

DATABASE_ROLE = env.database_role()
DATABASES = {"default": env.django_database(url=_secret("DATABASE_URL"), role=DATABASE_ROLE)}
# A login that is not the app role itself (one account for everything) switches to this role in every transaction.
RLS_SET_ROLE = env.text("CLIMBIQ_RLS_SET_ROLE")

REDIS_URL = env.text("REDIS_URL")
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "climbiq.common.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "climbiq",
        "OPTIONS": {"socket_connect_timeout": 0.3, "socket_timeout": 0.3},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
# Rows alone: a copy in the cache would outlive a logout while the cache is away.
SESSION_ENGINE = "climbiq.accounts.login_store"
SESSION_COOKIE_AGE = 14 * 24 * 3600  # from the login on, however busy; SessionLifetime enforces it
SESSION_IDLE_SECONDS = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
SESSION_COOKIE_NAME = "__Host-sessionid" if TLS else "climbiq_sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if TLS else "climbiq_csrftoken"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "climbiq.common.views.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DIARY_UPLOAD_MAX_BYTES = 8_000_000
REQUEST_MAX_BYTES = 9_000_000  # that, and what a form adds to it

# --- Security -------------------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = TLS
SECURE_HSTS_SECONDS = 31_536_000 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = TLS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("CLIMBIQ_BEHIND_PROXY") else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "display_name"]},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "today"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_FORMS = {"login": "climbiq.accounts.forms.LoginForm", "signup": "climbiq.accounts.forms.SignupForm"}
ACCOUNT_ADAPTER = "climbiq.accounts.adapter.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = env.text("CLIMBIQ_EMAIL_VERIFICATION", "optional")
ACCOUNT_MAX_EMAIL_ADDRESSES = 2
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_SESSION_REMEMBER = True
# Wrong passwords: a few of one name at one address (AccountAdapter makes the key), more of any name at one address.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "login_failed_at_address": "100/h/ip"}
ALLAUTH_TRUSTED_PROXY_COUNT = env.whole("CLIMBIQ_PROXY_COUNT", 0)
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[ClimbIQ] "
HEADLESS_CLIENTS = ("app",)  # the site's own pages are forms; programs log in below /api/app/
HEADLESS_TOKEN_STRATEGY = "climbiq.accounts.app_login.AppSessions"  # noqa: S105  a name
MFA_ADAPTER = "climbiq.accounts.second_factor.MFAAdapter"
MFA_TOTP_ISSUER = "ClimbIQ"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
EMAIL_HOST = env.text("CLIMBIQ_EMAIL_HOST")
EMAIL_BACKEND = env.text(
    "CLIMBIQ_EMAIL_BACKEND",
    f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend",
)
EMAIL_USE_TLS = env.flag("CLIMBIQ_EMAIL_USE_TLS", default=True)
EMAIL_PORT = env.whole("CLIMBIQ_EMAIL_PORT", 587 if EMAIL_USE_TLS else 25)
EMAIL_HOST_USER = env.text("CLIMBIQ_EMAIL_USER")
EMAIL_HOST_PASSWORD = env.text("CLIMBIQ_EMAIL_PASSWORD")
EMAIL_TIMEOUT = 5
EMAIL_FILE_PATH = env.text("CLIMBIQ_EMAIL_FOLDER") or None  # for the file-based backend
DEFAULT_FROM_EMAIL = env.text("CLIMBIQ_FROM_EMAIL", "ClimbIQ <no-reply@localhost>")

# --- API ------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "climbiq.accounts.authentication.PersonalTokenAuthentication",
        "climbiq.accounts.authentication.AppSessionAuthentication",
        "climbiq.accounts.authentication.BoundSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "climbiq.accounts.permissions.TokenScope",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["climbiq.common.parsers.StrictJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["climbiq.common.throttles.PerUserThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "user": "600/min",
        "anon": "60/min",
        "recommendations": env.text("CLIMBIQ_RECOMMENDATION_RATE", "120/hour"),
        "uploads": "20/hour",
        "exports": "10/hour",
        "diary_exports": "30/hour",
    },
    "DEFAULT_PAGINATION_CLASS": "climbiq.common.pagination.NewestFirst",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "climbiq.common.problems.handle_exception",
    # How many of our own proxies wrote X-Forwarded-For; none of it is believed beyond them.
    "NUM_PROXIES": env.whole("CLIMBIQ_PROXY_COUNT", 0),
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNICODE_JSON": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ClimbIQ",
    "DESCRIPTION": (
        "How good a climbing session is likely to be, what would make it better, and why.\n\n"
        "Scripts send a personal token (`Authorization: Bearer ciq_…`), made on /account/tokens/. Apps in which people "
        "log in with their password use the endpoints below /api/app/v1/ (sign up, log in, second step, password, "
        "addresses; they are django-allauth's headless API for apps) and then send `X-Session-Token` here: see "
        "docs/apps.md. Browsers send their session, with `X-CSRFToken` on writes."
    ),
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "POSTPROCESSING_HOOKS": ["climbiq.common.openapi.document_problems"],
}

# --- Streams --------------------------------------------------------------------------------------------------

EVENTSTREAM_STORAGE_CLASS = "climbiq.live.storage.ReleasingStorage"
EVENTSTREAM_CHANNELMANAGER_CLASS = "climbiq.live.channels.OwnChannels"
# Worked on at once in one process, which has CLIMBIQ_DB_POOL connections to the database, 8; others wait a little.
REQUESTS_AT_ONCE = env.whole("CLIMBIQ_REQUESTS_AT_ONCE", 3)
REQUESTS_AT_ONCE_PER_ADDRESS = env.whole("CLIMBIQ_REQUESTS_AT_ONCE_PER_ADDRESS", 3)  # without a known login
STREAMS_PER_USER = env.whole("CLIMBIQ_STREAMS_PER_USER", 6)
STREAMS_PER_PROCESS = env.whole("CLIMBIQ_STREAMS_PER_PROCESS", 400)

# --- Claude ---------------------------------------------------------------------------------------------------

ANTHROPIC_API_KEY = env.text("ANTHROPIC_API_KEY")
ANTHROPIC_BASE_URL = env.text("ANTHROPIC_BASE_URL", "https://api.anthropic.com")
NLG_MODEL = env.text("CLIMBIQ_NLG_MODEL", "claude-haiku-5-5")
# Recommendations of one climber in 24 hours that Claude words; the templates word the rest.
NLG_DAILY_LIMIT = env.whole("CLIMBIQ_NLG_DAILY_LIMIT", 40)
# For the words of one tip, retries included; then the templates take over.
NLG_SECONDS = env.whole("CLIMBIQ_NLG_SECONDS", 12)
NLG_BREAKER_FAILURES = env.whole("CLIMBIQ_NLG_BREAKER_FAILURES", 5)
# "default" where a model refuses to go without thinking.
NLG_THINKING = env.text("CLIMBIQ_NLG_THINKING", "disabled")

# --- Background work ------------------------------------------------------------------------------------------

CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", REDIS_URL)
# The broker delivers again what was not acknowledged in twice this time: no job may run longer.
JOB_LONGEST_SECONDS = 3600
JOB_LEASE_SECONDS = env.whole("CLIMBIQ_JOB_LEASE_SECONDS", 60)
JOB_RING_AGAIN_SECONDS = env.whole("CLIMBIQ_JOB_RING_AGAIN_SECONDS", 60)

# --- Words, time, files ---------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = True
FORMAT_MODULE_PATH = "climbiq.common.formats"
USE_TZ = True
TIME_ZONE = "UTC"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("CLIMBIQ_STATIC_ROOT", str(BASE_DIR / "staticfiles")))
_HASHED_STATIC = env.flag("CLIMBIQ_HASHED_STATIC", default=not DEBUG)  # needs `collectstatic`
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _HASHED_STATIC
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not _HASHED_STATIC

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("CLIMBIQ_LOG_LEVEL", "INFO")},
    "filters": {"without_traceback": {"()": "climbiq.common.logs.WithoutTraceback"}},
    "loggers": {
        **{name: {"level": "WARNING"} for name in ("celery", "httpx2", "anthropic", "arviz")},
        "django.security.DisallowedHost": {"filters": ["without_traceback"]},
    },
}
