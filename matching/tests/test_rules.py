"""Risk profile and rule: written by their lender alone, on only with consent, and told what they did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, User
from accounts.selectors.eligibility import EmailNotVerified
from loans.models import Loan
from matching.enums.mandates import MandateStatus, Occasion
from matching.models import LendingMandate, RiskProfile
from matching.services.allocation import run_mandates
from matching.services.mandates import (
    ConsentMissing,
    NoGradeChosen,
    NotYourRule,
    RuleAmountOutOfRange,
    RuleNumberOutOfRange,
    activate_mandate,
    pause_mandate,
    save_mandate,
)
from matching.services.profiles import LendersOnly, UnknownTolerance, set_risk_profile
from p2plending.lib.errors import IdempotencyConflict, InvalidTransition
from p2plending.tests.support import world
from p2plending.tests.support.markup import compact

ClientOf = Callable[[User], Client]
FIGURES: dict[str, Any] = {
    "grades": ("A", "B"),
    "min_rate": Decimal("0.06"),
    "max_term_months": 36,
    "amount_per_loan": 50_00,
    "keep_available": 0,
}
TYPED = {
    "grades": ["A", "C"],
    "min_rate": "7,5",
    "max_term_months": "48",
    "amount_per_loan": "1.000,00",
    "keep_available": "0",
}


def save(lender: User, **changes: Any) -> LendingMandate:
    figures = FIGURES | {"actor": lender, "idempotency_key": world.new_key()} | changes
    return save_mandate(lender=lender, **figures)


def activate(mandate: LendingMandate, actor: User, text: str = "Yes.") -> LendingMandate:
    return activate_mandate(mandate_id=mandate.pk, consent_text=text, actor=actor, idempotency_key=world.new_key())


def test_only_the_lender_writes_turns_on_and_pauses_a_rule(alice: User, bob: User, carol: User) -> None:
    with pytest.raises(LendersOnly):
        save(alice)
    with pytest.raises(NotYourRule):
        save(bob, actor=carol)
    mandate = save(bob)
    with pytest.raises(NotYourRule):
        activate(mandate, carol)
    activate(mandate, bob)
    with pytest.raises(NotYourRule):
        pause_mandate(mandate_id=mandate.pk, actor=carol, idempotency_key=world.new_key())
    mandate.refresh_from_db()
    assert mandate.status == MandateStatus.ACTIVE


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"grades": ()}, NoGradeChosen),
        ({"grades": ("A", "F")}, NoGradeChosen),
        ({"amount_per_loan": 24_99}, RuleAmountOutOfRange),
        ({"amount_per_loan": 26_00}, RuleAmountOutOfRange),
        ({"min_rate": Decimal("-0.01")}, RuleNumberOutOfRange),
        ({"min_rate": Decimal("1.01")}, RuleNumberOutOfRange),
        ({"max_term_months": 0}, RuleNumberOutOfRange),
        ({"max_term_months": 121}, RuleNumberOutOfRange),
        ({"keep_available": -1}, RuleNumberOutOfRange),
    ],
)
def test_figures_that_no_rule_can_have_are_refused(
    changes: dict[str, Any], refusal: type[Exception], bob: User
) -> None:
    with pytest.raises(refusal):
        save(bob, **changes)
    assert LendingMandate.objects.count() == 0


def test_a_rule_starts_as_a_draft_and_lends_only_after_consent(bob: User) -> None:
    mandate = save(bob)
    assert (mandate.status, mandate.active_for) == (MandateStatus.DRAFT, None)
    with pytest.raises(ConsentMissing):
        activate(mandate, bob, text="")
    activated = activate(mandate, bob)
    assert (activated.status, activated.active_for) == (MandateStatus.ACTIVE, bob.pk)
    assert len(activated.consent_text_sha256) == 64
    with pytest.raises(InvalidTransition):
        activate(mandate, bob)


def test_the_gate_for_lending_stands_before_a_rule(eve: User) -> None:
    mandate = save(eve)
    with pytest.raises(EmailNotVerified):
        activate(mandate, eve)
    mandate.refresh_from_db()
    assert mandate.status == MandateStatus.DRAFT


def test_new_figures_pause_a_rule_that_is_on_and_the_same_do_not(bob: User) -> None:
    mandate = activate(save(bob), bob)
    assert save(bob).status == MandateStatus.ACTIVE
    changed = save(bob, amount_per_loan=100_00)
    assert (changed.pk, changed.status, changed.amount_per_loan) == (mandate.pk, MandateStatus.PAUSED, 100_00)


def test_one_key_writes_one_rule_and_another_use_of_it_is_refused(bob: User) -> None:
    key = world.new_key()
    assert save(bob, idempotency_key=key).pk == save(bob, idempotency_key=key).pk
    with pytest.raises(IdempotencyConflict):
        save(bob, idempotency_key=key, amount_per_loan=100_00)


def test_every_step_of_a_rule_is_in_the_audit_trail(bob: User) -> None:
    mandate = activate(save(bob), bob)
    pause_mandate(mandate_id=mandate.pk, actor=bob, idempotency_key=world.new_key())
    trail = AuditEvent.objects.filter(subject_type="mandate", subject_reference=mandate.reference).order_by("pk")
    assert [event.action for event in trail] == [
        "matching.mandate.saved",
        "matching.mandate.activated",
        "matching.mandate.paused",
    ]


def test_a_risk_profile_is_for_lenders_and_one_of_three(alice: User, bob: User) -> None:
    with pytest.raises(LendersOnly):
        set_risk_profile(lender=alice, tolerance="growth", actor=alice)
    with pytest.raises(UnknownTolerance):
        set_risk_profile(lender=bob, tolerance="", actor=bob)
    assert RiskProfile.objects.count() == 0
    set_risk_profile(lender=bob, tolerance="growth", actor=bob)
    set_risk_profile(lender=bob, tolerance="balanced", actor=bob)
    assert RiskProfile.objects.get().tolerance == "balanced"


@pytest.mark.parametrize("path", ["/lending/", "/lending/risk/", "/portfolio/", "/auto-invest/", "/suggestions/"])
def test_pages_of_lenders_are_for_lenders(path: str, alice: User, client: Client, client_of: ClientOf) -> None:
    assert client.get(path).status_code == 302
    assert client_of(alice).get(path).status_code == 403


def test_the_profile_page_saves_and_names_a_missing_choice(bob: User, client_of: ClientOf) -> None:
    client = client_of(bob)
    refused = client.post("/lending/risk/", {})
    assert refused.status_code == 422
    assert "Choose one of the three profiles." in refused.content.decode()
    assert client.post("/lending/risk/", {"tolerance": "growth"}).url == "/suggestions/"
    text = compact(client.get("/lending/risk/").content.decode())
    assert 'value="growth" checked' in text
    assert "about 5.4% of what is lent" in text


def test_the_rule_is_written_turned_on_and_paused_on_its_pages(bob: User, client_of: ClientOf) -> None:
    client = client_of(bob)
    assert "No rule yet" in client.get("/auto-invest/").content.decode()
    form = client.get("/auto-invest/edit/").context["form"]
    typed = TYPED | {"form_key": form["form_key"].value()}
    assert client.post("/auto-invest/edit/", typed).url == "/auto-invest/"
    mandate = LendingMandate.objects.get()
    assert (mandate.grade_letters, mandate.min_rate, mandate.amount_per_loan) == (
        ("A", "C"),
        Decimal("0.075"),
        1_000_00,
    )
    page = client.get("/auto-invest/")
    key = page.context["form"]["form_key"].value()
    refused = client.post("/auto-invest/activate/", {"form_key": key})
    assert refused.status_code == 422
    assert "Tick the box to let us lend for you." in refused.content.decode()
    assert client.post("/auto-invest/activate/", {"form_key": key, "consent": "on"}).status_code == 302
    mandate.refresh_from_db()
    assert mandate.status == MandateStatus.ACTIVE
    key = client.get("/auto-invest/").context["pause_form"]["form_key"].value()
    for _time in range(2):
        assert client.post("/auto-invest/pause/", {"form_key": key}).status_code == 302
    mandate.refresh_from_db()
    assert mandate.status == MandateStatus.PAUSED


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"grades": []}, "Choose at least one grade."),
        ({"grades": ["Z"]}, "That is not one of the choices."),
        ({"min_rate": ""}, "Enter a rate, like 12.5."),
        ({"min_rate": "abc"}, "Enter the rate as a number, like 12.5."),
        ({"min_rate": "101"}, "Enter a rate of 100 or less."),
        ({"max_term_months": "0"}, "Longest loan must be from 1 to 120 months."),
        ({"max_term_months": "long"}, "Enter the months as a whole number, like 36."),
        ({"amount_per_loan": "1"}, "Enter an amount of €25.00 or more, in steps of €5.00."),
        ({"amount_per_loan": "1e30"}, "Enter the amount as a number, like 2400.00."),
        ({"keep_available": "-1"}, "Enter an amount of zero or more."),
    ],
)
def test_mistakes_in_the_rule_are_named_and_nothing_is_kept(
    change: dict[str, Any], message: str, bob: User, client_of: ClientOf
) -> None:
    answer = client_of(bob).post("/auto-invest/edit/", TYPED | {"form_key": world.new_key()} | change)
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert LendingMandate.objects.count() == 0


def test_a_lender_without_a_rule_can_turn_nothing_on(bob: User, client_of: ClientOf) -> None:
    client = client_of(bob)
    for path in ("/auto-invest/activate/", "/auto-invest/pause/"):
        assert client.post(path, {"form_key": world.new_key(), "consent": "on"}).status_code == 404


def test_the_log_says_for_each_loan_what_was_done_and_why(
    market: Callable[..., Loan],
    bob: User,
    carol: User,
    rule: Callable[..., LendingMandate],
    client_of: ClientOf,
    now_day: dt.date,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    world.fund_wallet(bob, 80_00, today=now_day)
    rule(bob, keep_available=30_00)
    client = client_of(bob)
    with django_assert_max_num_queries(12) as first:
        client.get("/auto-invest/log/")
    for name in ("Nora", "Olga", "Pia"):
        run_mandates(loan_id=market(name).pk, occasion=Occasion.LISTED, today=now_day)
    with django_assert_max_num_queries(12) as second:
        text = client.get("/auto-invest/log/").content.decode()
    assert len(second) <= len(first) + 1
    assert "Lent." in text
    assert text.count("Lending would use money that you want to keep.") == 2
    assert "Decisions" in client_of(carol).get("/auto-invest/log/").content.decode()
    assert "Lent." not in client_of(carol).get("/auto-invest/log/").content.decode()
