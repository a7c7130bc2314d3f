"""Every link of every notification opens for the person who was told: no event is left out of the tests that follow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import Notification, User
from loans.enums.loan import ReminderKind
from loans.services.notices.repayments import notify_of_payments
from loans.services.origination.application import withdraw_application
from loans.services.origination.questions import answer_question, ask_question
from p2plending.tests.support import world
from p2plending.tests.support.events import told_events
from p2plending.tests.support.figures import assert_links_open
from p2plending.tests.support.scene import Scene

ROOT = Path(settings.BASE_DIR)
# Where the source names an event by the start of its name: the ends that it can have.
ENDS: dict[str, Iterable[str]] = {
    "approval_*": ("approved", "refused", "expired", "withdrawn"),
    "reminder_*": ReminderKind.values,
    "user.*": ("suspended", "released"),
}


def followed_events() -> set[str]:
    """The events that some test names when it follows the links of what people were told."""
    found = set()
    for path in sorted(ROOT.glob("*/**/tests/**/*.py")):
        for events in re.findall(r"assert_links_open\(([^)]*)\)", path.read_text(encoding="utf-8")):
            found |= set(re.findall(r'"([^"]+)"', events))
    return found


@pytest.mark.one_database
def test_the_links_of_every_event_are_followed_somewhere() -> None:
    told = set()
    for event in told_events():
        told |= {event.replace("*", end) for end in ENDS[event]} if event in ENDS else {event}
    assert len(told) > 60
    assert told == followed_events()


@pytest.mark.one_database
def test_a_page_of_one_part_is_never_opened_with_the_reference_of_its_loan() -> None:
    """What was wrong once: a note's page takes a note, and a message to a lender knew the loan only."""
    wrong = []
    for path in sorted(ROOT.rglob("*.py")):
        if path.is_relative_to(ROOT / ".venv") or "tests" in path.parts:
            continue
        for target, argument in re.findall(r'reverse\("([\w:]+)", args=\[(\S+?)\]', path.read_text(encoding="utf-8")):
            if target == "matching:note" and "loan.reference" in argument:
                wrong.append(path.name)
    assert wrong == []


@pytest.mark.slow
@pytest.mark.django_db
def test_every_link_of_the_scene_opens_for_its_reader(scene: Scene) -> None:
    assert notify_of_payments() == 1
    assert_links_open("loan_offer", "loan_funded", "loan_started", "commitment_reserved", "repayment_received")


@pytest.mark.django_db
def test_an_answer_is_followed_by_who_asked_even_when_the_request_has_ended(
    alice: User, bob: User, carol: User, client_of: Callable[[User], Client]
) -> None:
    loan = world.listed_loan(alice)
    question = ask_question(loan_id=loan.pk, author=bob, text="Which windows?", actor=bob, today=world.TODAY)
    answer_question(question_id=question.pk, answer="All of them.", actor=alice, today=world.TODAY)
    withdraw_application(loan_id=loan.pk, actor=alice, idempotency_key=world.new_key(), today=world.TODAY)

    told = Notification.objects.get(user=bob, event="question_answered")
    page = client_of(bob).get(told.link, follow=True)
    assert (page.status_code, page.redirect_chain[-1][0]) == (200, reverse("matching:marketplace"))
    assert "is not open any more" in page.content.decode()
    assert client_of(carol).get(told.link, follow=True).status_code == 404


@pytest.mark.django_db
def test_an_old_message_about_a_payment_that_came_back_leads_to_the_lenders_part(
    alice: User, bob: User, carol: User, client_of: Callable[[User], Client]
) -> None:
    loan = world.active_loan(alice, {bob: 500_00})
    old = reverse("matching:note", args=[loan.reference])
    assert client_of(bob).get(old).headers["Location"] == reverse("matching:note", args=[loan.notes.get().reference])
    assert client_of(carol).get(old).status_code == 404
