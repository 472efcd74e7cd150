"""Celery carries doorbells and keeps time; the jobs themselves, and their results, are rows in PostgreSQL."""

from __future__ import annotations

import os

import django
from celery import Celery
from celery.signals import setup_logging
from django.apps import apps

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "climbiq.settings")
if not apps.ready:
    django.setup()

from django.conf import settings

from climbiq.environment import broker_url

app = Celery("climbiq")
app.conf.update(
    broker_url=broker_url(settings.CELERY_BROKER_URL),
    broker_connection_retry_on_startup=True,
    # For ever: a worker without its broker waits for it.
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": 2 * settings.JOB_LONGEST_SECONDS,
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
    task_time_limit=settings.JOB_LONGEST_SECONDS,
    task_soft_time_limit=int(settings.JOB_LONGEST_SECONDS * 0.9),
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=100,
    worker_max_memory_per_child=1_500_000,  # kB
    worker_soft_shutdown_timeout=10,
    timezone="UTC",
    enable_utc=True,
    # The schedule itself comes with the tasks, in climbiq.jobs.tasks.
)
app.autodiscover_tasks()


@setup_logging.connect  # type: ignore[untyped-decorator]
def keep_our_logging(**_: object) -> None:
    """Leave logging as Django set it up: Celery's own would hide how far the jobs are."""
