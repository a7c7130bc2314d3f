"""Rows about the running of the site itself: which workers live, and how each scheduled job ended."""

from __future__ import annotations

from django.db import models


class WorkerHeartbeat(models.Model):
    """One running `manage.py worker`. It writes its beat every few seconds while its processes take tasks."""

    name = models.CharField(max_length=120, unique=True)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class JobRun(models.Model):
    """The latest run of one scheduled job. While it runs, or after it was cut short, `started_at` is the later one."""

    name = models.CharField(max_length=60, unique=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    words = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.name
