"""The clockwork: one table, kept equal to the worker's schedules."""

from __future__ import annotations

import ast
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils.module_loading import import_string
from django_q.models import Schedule

from p2plending.operations import scheduler
from p2plending.operations.scheduler import JOBS, PREFIX, ensure_schedules

pytestmark = pytest.mark.django_db


def stored() -> dict[str, tuple[str, str, int | None]]:
    rows = Schedule.objects.filter(name__startswith=PREFIX)
    return {row.name: (row.func, row.schedule_type, row.minutes) for row in rows}


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_every_job_names_a_function_that_exists_and_has_one_rhythm(job: scheduler.Job) -> None:
    assert callable(import_string(job.function))
    assert bool(job.minutes) != bool(job.at)


def test_a_migrated_database_has_every_schedule_once() -> None:
    assert sorted(stored()) == sorted(job.schedule_name for job in JOBS if not job.only_in_demo)


def test_running_again_changes_nothing_and_keeps_the_next_run() -> None:
    before = list(Schedule.objects.order_by("pk").values())
    ensure_schedules()
    assert list(Schedule.objects.order_by("pk").values()) == before


def test_schedules_of_removed_and_renamed_jobs_go_and_others_stay() -> None:
    Schedule.objects.create(name=PREFIX + "old_name", func="loans.tasks.end_of_day", schedule_type=Schedule.DAILY)
    Schedule.objects.create(name="somebody elses", func="math.sqrt", schedule_type=Schedule.DAILY)
    ensure_schedules()
    assert PREFIX + "old_name" not in stored()
    assert Schedule.objects.filter(name="somebody elses").exists()


def test_a_changed_job_is_changed_and_a_doubled_row_is_made_one() -> None:
    name = PREFIX + "reminders"
    Schedule.objects.filter(name=name).update(func="math.sqrt")
    Schedule.objects.create(name=name, func="loans.tasks.remind", schedule_type=Schedule.DAILY)
    ensure_schedules()
    assert Schedule.objects.filter(name=name).count() == 1
    assert stored()[name][0] == "loans.tasks.remind"


def test_in_the_demo_daily_jobs_follow_the_moved_date_within_a_minute(settings: Any) -> None:
    settings.DEMO_MODE = True
    ensure_schedules()
    assert stored()[PREFIX + "end_of_day"] == ("loans.tasks.end_of_day", Schedule.MINUTES, 1)
    assert stored()[PREFIX + "demo_day"] == ("p2plending.demo.days.live_today", Schedule.MINUTES, 10)
    settings.DEMO_MODE = False
    ensure_schedules()
    assert stored()[PREFIX + "end_of_day"] == ("loans.tasks.end_of_day", Schedule.DAILY, None)
    assert PREFIX + "demo_day" not in stored()


def test_jobs_run_by_hand_for_a_date() -> None:
    out = StringIO()
    call_command("run_jobs", only="end_of_day", date="2026-03-01", stdout=out)
    assert out.getvalue().startswith("end_of_day: Payments fall due")
    with pytest.raises(CommandError, match="--date must be a date"):
        call_command("run_jobs", date="tomorrow")


def functions_of_tasks() -> list[str]:
    root = Path(settings.BASE_DIR)
    found = []
    for path in sorted(root.glob("*/tasks.py")):
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        body = ast.parse(path.read_text(encoding="utf-8")).body
        found += [f"{module}.{one.name}" for one in body if isinstance(one, ast.FunctionDef) and one.name[0] != "_"]
    return found


@pytest.mark.parametrize("name", functions_of_tasks())
def test_every_task_is_in_the_table_of_jobs_or_queued_somewhere(name: str) -> None:
    if name in {job.function for job in JOBS}:
        return
    apps = ("accounts", "adminpanel", "ledger", "loans", "matching", "p2plending")
    files = [path for app in apps for path in (Path(settings.BASE_DIR) / app).rglob("*.py")]
    sources = [path for path in files if "tests" not in path.parts]
    assert [path for path in sources if f'"{name}"' in path.read_text(encoding="utf-8")], f"nobody ever runs {name}"
