"""Reminders: 3 days before, on the day, 1 day late; each exactly once, none for what is paid."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import Notification
from loans.enums.loan import ReminderKind
from loans.models import Instalment, Loan, ReminderSent
from loans.services.collections.reminders import send_reminder, send_reminders
from loans.tests.servicing.paying import pay

pytestmark = pytest.mark.django_db

FIRST_DUE = dt.date(2026, 2, 15)


def titles(loan: Loan) -> list[str]:
    told = Notification.objects.filter(user=loan.borrower, event__startswith="reminder_").order_by("pk")
    return [notification.title.replace("\N{NO-BREAK SPACE}", " ") for notification in told]


def test_nothing_is_sent_before_its_day_or_on_days_without_one(loan: Loan) -> None:
    for day in (dt.date(2026, 2, 1), dt.date(2026, 2, 11)):
        assert send_reminders(today=day).sent == 0
    assert titles(loan) == []


def test_each_reminder_goes_out_once_however_often_the_job_runs(loan: Loan) -> None:
    for days in (-3, -2, -1, 0, 1, 2):
        for _ in range(2):
            send_reminders(today=FIRST_DUE + dt.timedelta(days=days))
    assert titles(loan) == [
        "Payment due on 15 February 2026",
        "Payment due on 15 February 2026",
        "Your payment has not arrived",
    ]
    assert sorted(ReminderSent.objects.values_list("kind", flat=True)) == ["before_3", "late_1", "on_the_day"]


def test_the_text_says_how_much_for_which_loan_and_leads_to_the_payment(loan: Loan) -> None:
    send_reminders(today=FIRST_DUE)
    told = Notification.objects.get(event="reminder_on_the_day")
    assert told.body.startswith(f"€888.49 for loan {loan.reference}.")
    assert told.link == f"/borrowing/loans/{loan.reference}/pay/"


def test_no_reminder_asks_for_what_was_paid_ahead(loan: Loan) -> None:
    pay(loan, 888_49, FIRST_DUE - dt.timedelta(days=4))
    assert [send_reminders(today=FIRST_DUE + dt.timedelta(days=days)).sent for days in (-3, 0, 1)] == [1, 0, 0]
    assert titles(loan) == ["Your payment on 15 February 2026 is covered"]
    assert "You need not do anything." in Notification.objects.get(event="reminder_before_3").body


def test_a_reminder_asks_for_what_money_paid_ahead_leaves(loan: Loan) -> None:
    pay(loan, 500_00, FIRST_DUE - dt.timedelta(days=4))
    send_reminders(today=FIRST_DUE - dt.timedelta(days=3))
    assert Notification.objects.get(event="reminder_before_3").body.startswith("€388.49 for loan")


def test_a_reminder_whose_instalment_was_paid_meanwhile_is_dropped(loan: Loan) -> None:
    row = Instalment.objects.get(loan=loan, number=1)
    pay(loan, 888_49, FIRST_DUE)
    sent = send_reminder(instalment_id=row.pk, loan_id=loan.pk, kind=ReminderKind.ON_THE_DAY, today=FIRST_DUE)
    assert (sent, ReminderSent.objects.count()) == (False, 0)


def test_a_part_payment_is_reminded_of_with_what_is_left(loan: Loan) -> None:
    pay(loan, 500_00, FIRST_DUE)
    send_reminders(today=FIRST_DUE + dt.timedelta(days=1))
    assert Notification.objects.get(event="reminder_late_1").body.startswith("€388.49 was due on")


def test_a_missed_day_is_caught_up(loan: Loan) -> None:
    assert send_reminders(today=FIRST_DUE - dt.timedelta(days=1)).sent == 1
    assert send_reminders(today=FIRST_DUE + dt.timedelta(days=9)).sent == 1
    assert sorted(ReminderSent.objects.values_list("kind", flat=True)) == ["before_3", "late_1"]
