"""Celery carries doorbells and keeps time; the jobs themselves, and their results, are rows in PostgreSQL."""

from __future__ import annotations

import os
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

import django
from celery import Celery
from celery.schedules import crontab
from django.apps import apps

# As in the web process: small matrices are quickest with one thread.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "climbiq.settings")
if not apps.ready:
    django.setup()

from django.conf import settings

from climbiq.jobs.registry import LONGEST_SECONDS
from climbiq.jobs.schedule import SENSORS

REAPER_SECONDS: Final = 30


def broker_url(url: str) -> str:
    """Write a Redis URL as Celery wants it: for a Unix socket it has its own way.

    >>> broker_url("unix:///run/valkey.sock?db=1")
    'redis+socket:///run/valkey.sock?virtual_host=1'
    >>> broker_url("redis://cache:6379/0")
    'redis://cache:6379/0'
    """
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    db = parse_qs(parts.query).get("db", ["0"])[-1]
    return f"redis+socket://{quote(unquote(parts.path))}?virtual_host={db}"


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Every sensor at its time, and the reaper. A message that nobody took in time is worth nothing."""
    entries: dict[str, dict[str, Any]] = {
        sensor.name: {
            "task": "climbiq.jobs.sense",
            "schedule": crontab(minute=sensor.minute, hour="*" if sensor.hour is None else sensor.hour),
            "args": (sensor.name,),
            "options": {"expires": 1800},
        }
        for sensor in SENSORS
    }
    entries["reaper"] = {
        "task": "climbiq.jobs.reap",
        "schedule": REAPER_SECONDS,
        "options": {"expires": REAPER_SECONDS},
    }
    return entries


app = Celery("climbiq")
app.conf.update(
    broker_url=broker_url(settings.CELERY_BROKER_URL),
    broker_connection_retry_on_startup=True,
    # For ever: a worker without its broker waits for it.
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": 2 * LONGEST_SECONDS,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 15,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "max_retries": 0,
    },
    result_backend=None,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_publish_retry=False,
    task_default_queue="default",
    task_time_limit=LONGEST_SECONDS,
    task_soft_time_limit=int(LONGEST_SECONDS * 0.9),
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=100,
    worker_max_memory_per_child=1_500_000,  # kB
    worker_soft_shutdown_timeout=10,
    worker_hijack_root_logger=False,
    timezone="UTC",
    enable_utc=True,
    beat_schedule=beat_schedule(),
)
app.autodiscover_tasks()
