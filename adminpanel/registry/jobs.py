"""What django-q2 has to do, did, and failed to do. Jobs are run by hand from the desk's jobs page."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django_q.models import Failure, OrmQ, Schedule, Success

from adminpanel.registry.base import ReadOnlyAdmin


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ("name", "func", "schedule_type", "minutes", "next_run", "repeats")
    search_fields = ("name", "func")
    detail_fields = ("name", "func", "args", "kwargs", "schedule_type", "minutes", "cron", "next_run", "repeats")


@admin.register(Success)
class SuccessAdmin(ReadOnlyAdmin):
    list_display = ("name", "func", "group", "started", "stopped")
    list_filter = ("func",)
    search_fields = ("name", "func", "group")
    detail_fields = ("name", "func", "args", "group", "started", "stopped", "attempt_count")


@admin.register(Failure)
class FailureAdmin(ReadOnlyAdmin):
    list_display = ("name", "func", "group", "started", "attempt_count")
    list_filter = ("func",)
    search_fields = ("name", "func", "group")
    detail_fields = ("name", "func", "args", "group", "started", "stopped", "attempt_count", "result")


@admin.register(OrmQ)
class OrmQAdmin(ReadOnlyAdmin):
    list_display = ("task_name", "task_func", "key", "lock")
    detail_fields = ("key", "lock")

    @admin.display(description=_("task"))
    def task_name(self, row: OrmQ) -> str:
        return row.name()

    @admin.display(description=_("function"))
    def task_func(self, row: OrmQ) -> str:
        return row.func()
