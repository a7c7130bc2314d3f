"""The first page, search, people, books, settings, jobs and the date of the demo."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ, Schedule

from accounts.enums.people import Role, StaffGroup
from accounts.models import AuditEvent, User
from accounts.services.people.suspension import suspend_user
from adminpanel import tasks
from adminpanel.forms.settings import SettingsForm
from adminpanel.services.staff_groups import OwnGroups, request_groups
from adminpanel.tests import scenes
from adminpanel.urls import desk_urls
from ledger.models import Account
from loans import tasks as loans_tasks
from loans.models import EndOfDayFailure, Loan
from p2plending.lib import clock
from p2plending.lib.errors import NotPermitted
from p2plending.lib.rules.values import platform_rules
from p2plending.tests.support import world

ClientOf = Callable[[User], Client]


@pytest.fixture
def compliance(db: None) -> User:
    return scenes.staff_of(StaffGroup.COMPLIANCE)


def at(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args)


# --- frame -----------------------------------------------------------------------------------------------------------
def test_strangers_are_led_to_the_site_s_own_sign_in(client: Client) -> None:
    answer = client.get(at("index"))
    assert answer["Location"] == f"{reverse('account_login')}?next={at('index')}"


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_borrowers_and_lenders_are_refused(who: str, request: pytest.FixtureRequest, client_of: ClientOf) -> None:
    client = client_of(request.getfixturevalue(who))
    for url in (at("index"), at("accounts_user_changelist"), at("identity_queue")):
        answer = client.get(url)
        assert answer.status_code == 403
        assert "Only staff can open this page." in answer.content.decode()


def test_pages_hold_no_inline_script_or_style_and_say_noindex(dora: User, client_of: ClientOf) -> None:
    client = client_of(dora)
    for url in (at("index"), at("accounts_user_changelist"), at("settings"), at("trial_balance")):
        answer = client.get(url)
        page = answer.content.decode()
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert "<style" not in page
        assert " style=" not in page
        assert page.count("<script") == page.count("<script src=")
        assert 'content="noindex, noarchive"' in page


def test_the_first_page_counts_what_waits_and_since_when(
    alice: User, bob: User, dora: User, client_of: ClientOf
) -> None:
    world.submitted_loan(alice, today=clock.business_date())
    scenes.told_deposit(bob, 100_00)
    scenes.told_deposit(bob, 200_00)
    cards = {card.url_name: card for card in client_of(dora).get(at("index")).context["queues"]}
    assert {name: card.count for name, card in cards.items()} == {
        "identity_queue": 0,
        "loan_queue": 1,
        "payouts": 0,
        "deposit_queue": 2,
        "withdrawal_queue": 0,
        "repayment_queue": 0,
        "approval_queue": 0,
        "question_queue": 0,
        "late": 0,
        "proposed_defaults": 0,
    }
    assert cards["loan_queue"].oldest == Loan.objects.get().submitted_at


def test_each_group_sees_its_own_queues(client_of: ClientOf) -> None:
    page = client_of(scenes.staff_of(StaffGroup.IDENTITY)).get(at("index"))
    assert [card.url_name for card in page.context["queues"]] == ["identity_queue"]


def test_the_first_page_asks_no_more_for_more_rows(
    bob: User, dora: User, client_of: ClientOf, django_assert_max_num_queries: Callable[..., object]
) -> None:
    client = client_of(dora)
    client.get(at("index"))
    # A server is asked which node it is.
    most = 27 if connection.vendor == "mysql" else 26
    with django_assert_max_num_queries(most) as once:
        client.get(at("index"))
    for amount in (100_00, 200_00, 300_00):
        scenes.told_deposit(bob, amount)
    with django_assert_max_num_queries(most) as often:
        client.get(at("index"))
    assert len(often.captured_queries) == len(once.captured_queries)


def test_search_leads_to_the_thing(alice: User, bob: User, dora: User, client_of: ClientOf) -> None:
    loan = world.submitted_loan(alice, today=clock.business_date())
    deposit = scenes.told_deposit(bob)
    client = client_of(dora)
    places = {
        loan.reference.lower(): at("loan_review", loan.reference),
        deposit.reference: at("deposit", deposit.reference),
        "ALICE@example.org": at("user", alice.member_number),
        alice.member_number: at("user", alice.member_number),
        "nothing": at("index"),
        "": at("index"),
    }
    assert {q: client.get(at("find"), {"q": q})["Location"] for q in places} == places


# --- people ----------------------------------------------------------------------------------------------------------
def test_suspending_needs_a_reason(bob: User, compliance: User, client_of: ClientOf) -> None:
    answer = client_of(compliance).post(at("user_suspend", bob.member_number), {"reason": ""})
    bob.refresh_from_db()
    assert answer.status_code == 422
    assert "Enter a reason." in answer.content.decode()
    assert not bob.is_suspended


def test_suspended_staff_open_no_desk_page_and_decide_nothing(
    bob: User, compliance: User, client_of: ClientOf, dora: User
) -> None:
    suspend_user(user_id=compliance.pk, reason="Left the company", actor=dora)
    client = client_of(compliance)
    for url in (at("settings"), at("deposit_queue"), at("user", bob.member_number), at("ledger_deposit_changelist")):
        assert client.get(url).status_code == 403
    assert client.post(at("user_suspend", bob.member_number), {"reason": "Revenge"}).status_code == 403
    with pytest.raises(NotPermitted):
        suspend_user(user_id=bob.pk, reason="Revenge", actor=User.objects.get(pk=compliance.pk))
    bob.refresh_from_db()
    assert not bob.is_suspended


def test_suspension_and_its_end_are_in_the_person_s_history(bob: User, compliance: User, client_of: ClientOf) -> None:
    client = client_of(compliance)
    client.post(at("user_suspend", bob.member_number), {"reason": "Odd transfers"})
    bob.refresh_from_db()
    assert (bob.is_suspended, bob.suspended_reason) == (True, "Odd transfers")
    client.post(at("user_release", bob.member_number), {"reason": "Explained"})
    agree_about("user", bob.member_number)
    bob.refresh_from_db()
    assert not bob.is_suspended
    reasons = [event.reason for event in client.get(at("user", bob.member_number)).context["history"]]
    assert [reason for reason in reasons if reason] == ["Explained", "Explained", "Odd transfers"]


def test_nobody_changes_their_own_groups(compliance: User) -> None:
    with pytest.raises(OwnGroups):
        request_groups(
            user_id=compliance.pk, groups=list(StaffGroup), reason="More", actor=compliance, today=clock.business_date()
        )
    assert [group.name for group in compliance.groups.all()] == [StaffGroup.COMPLIANCE.value]


def test_groups_are_for_staff_only(bob: User, compliance: User, client_of: ClientOf) -> None:
    data = {"groups": [StaffGroup.FINANCE.value], "reason": "Why not"}
    answer = client_of(compliance).post(at("user_groups", bob.member_number), data)
    assert answer.status_code == 422
    assert bob.groups.count() == 0


def test_a_change_of_groups_is_audited_with_before_and_after(compliance: User, client_of: ClientOf) -> None:
    person = scenes.staff_of(StaffGroup.SUPPORT)
    data = {"groups": [StaffGroup.FINANCE.value], "reason": "New job"}
    client_of(compliance).post(at("user_groups", person.member_number), data)
    assert [group.name for group in person.groups.all()] == ["Support"]
    agree_about("user", person.member_number)
    event = AuditEvent.objects.get(action="adminpanel.user.groups_changed")
    assert [group.name for group in person.groups.all()] == ["Finance"]
    assert (event.reason, event.data) == (
        "New job",
        {"before": ["Support"], "after": ["Finance"], "asked_by": compliance.member_number},
    )


# --- books -----------------------------------------------------------------------------------------------------------
def test_checking_the_books_says_how_many_checks_hold(bob: User, compliance: User, client_of: ClientOf) -> None:
    world.fund_wallet(bob, 100_00)
    client = client_of(compliance)
    page = client.post(at("books"), follow=True)
    assert "Every check holds." in page.content.decode()
    light = client.get(at("index")).context["lights"][0]
    assert (light.kind, light.words) == (
        "success",
        f"{len(page.context['checks'])} of {len(page.context['checks'])} checks hold",
    )


def test_a_changed_balance_turns_the_light_red_and_is_named(bob: User, compliance: User, client_of: ClientOf) -> None:
    world.fund_wallet(bob, 100_00)
    Account.objects.filter(code="C2100").update(balance=100_01)
    client = client_of(compliance)
    page = client.post(at("books"), follow=True).content.decode()
    assert "break" in page
    assert "I10" in [found["code"] for found in client.get(at("books")).context["breaks"]]
    assert client.get(at("index")).context["lights"][0].kind == "danger"


def test_the_nightly_task_leaves_its_proof(db: None) -> None:
    words = tasks.check_books()
    data = AuditEvent.objects.get(action="adminpanel.books.checked").data
    assert words == f"{data['checks']} of {data['checks']} checks hold"
    assert data["breaks"] == []


def test_the_nightly_task_logs_each_break(db: None, caplog: pytest.LogCaptureFixture) -> None:
    Account.objects.create(
        key="C2130:LN-BROKEN",
        code="C2130",
        book="C",
        type="liability",
        normal_side="credit",
        loan_reference="LN-BROKEN",
        is_guarded=True,
        balance=1,
    )
    tasks.check_books()
    found = AuditEvent.objects.get(action="adminpanel.books.checked").data["breaks"]
    assert ("I9", "LN-BROKEN C2130") in [(one["code"], one["subject"]) for one in found]
    assert "books are broken" in caplog.text


def test_the_trial_balance_balances_in_each_book_and_knows_its_day(
    alice: User, bob: User, compliance: User, client_of: ClientOf
) -> None:
    world.active_loan(alice, {bob: 500_00}, today=world.TODAY)
    client = client_of(compliance)
    books = client.get(at("trial_balance")).context["books"]
    assert [(book["debit"], book["debit"] == book["credit"]) for book in books] == [
        (1_500_00, True),
        (500_00, True),
        (10_00, True),
    ]
    before = client.get(at("trial_balance"), {"as_of": (world.TODAY - dt.timedelta(days=1)).isoformat()})
    assert [book["debit"] for book in before.context["books"]] == [0, 0, 0]
    assert client.get(at("trial_balance"), {"as_of": "soon"}).status_code == 422


def test_the_audit_trail_is_given_as_csv_by_its_filters(bob: User, compliance: User, client_of: ClientOf) -> None:
    client = client_of(compliance)
    client.post(at("user_suspend", bob.member_number), {"reason": "=1+1"})
    answer = client.get(at("audit_csv"), {"q": bob.member_number})
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert lines[0].startswith("\ufeffcreated_at,actor_label,action")
    assert len(lines) == 2
    assert ",'=1+1," in lines[1]


def agree_about(subject_type: str, reference: str) -> None:
    assert world.agree_about(subject_type, reference, today=clock.business_date()) == 1


# --- settings --------------------------------------------------------------------------------------------------------
def settings_data(**changes: str) -> dict[str, str]:
    """The settings page sent back as it was shown, with some values changed."""
    form = SettingsForm(rules=platform_rules())
    shown = {}
    for name, field in form.fields.items():
        value = form[name].value()
        shown[name] = ("on" if value else "") if isinstance(value, bool) else field.widget.format_value(value)
    return {name: value for name, value in shown.items() if value} | {"reason": "Market"} | changes


def test_settings_sent_back_unchanged_change_nothing(compliance: User, client_of: ClientOf) -> None:
    before = platform_rules()
    answer = client_of(compliance).post(at("settings"), settings_data())
    assert answer.status_code == 422
    assert "Nothing was changed." in answer.content.decode()
    assert platform_rules() == before


def test_a_changed_setting_counts_and_is_audited(compliance: User, client_of: ClientOf) -> None:
    answer = client_of(compliance).post(at("settings"), settings_data(MIN_COMMITMENT="30", LOAN_SHARE_CAP="12.5"))
    assert answer.status_code == 302
    assert platform_rules().min_commitment == 25_00
    agree_about("settings", "settings")
    rules = platform_rules()
    assert (rules.min_commitment, rules.loan_share_cap) == (30_00, Decimal("0.125"))
    asked_by = {"asked_by": compliance.member_number}
    events = AuditEvent.objects.filter(action="adminpanel.setting.changed").order_by("id")
    assert [(event.subject_reference, event.data, event.reason) for event in events] == [
        ("MIN_COMMITMENT", {"before": "2500", "after": "3000"} | asked_by, "Market"),
        ("LOAN_SHARE_CAP", {"before": "0.250000", "after": "0.125"} | asked_by, "Market"),
    ]


def test_the_books_are_closed_up_to_a_day_that_is_over(compliance: User, client_of: ClientOf) -> None:
    today = clock.business_date()
    before = platform_rules()
    answer = client_of(compliance).post(at("settings"), settings_data(BOOKS_CLOSED_UNTIL=str(today)))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["BOOKS_CLOSED_UNTIL"])
    assert platform_rules() == before
    yesterday = today - dt.timedelta(days=1)
    assert (
        client_of(compliance).post(at("settings"), settings_data(BOOKS_CLOSED_UNTIL=str(yesterday))).status_code == 302
    )
    agree_about("settings", "settings")
    assert platform_rules().books_closed_until == yesterday


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MIN_COMMITMENT", "-1"),
        ("MIN_COMMITMENT", "many"),
        ("COMMITMENT_STEP", "0"),
        ("LOAN_SHARE_CAP", "101"),
        ("LOAN_SHARE_CAP", ""),
        ("MAX_ACTIVE_LOANS", "1e30"),
        ("DISPOSABLE_MULTIPLE", "0.5"),
        ("reason", ""),
    ],
)
def test_nonsense_in_settings_is_refused(name: str, value: str, compliance: User, client_of: ClientOf) -> None:
    before = platform_rules()
    data = settings_data(MIN_COMMITMENT="40") | {name: value}
    assert client_of(compliance).post(at("settings"), data).status_code == 422
    assert platform_rules() == before


@pytest.mark.parametrize("is_demo", [False, True])
def test_money_is_confirmed_by_itself_in_a_demo_only(
    is_demo: bool, compliance: User, client_of: ClientOf, settings: Any
) -> None:
    settings.DEMO_MODE = is_demo
    client = client_of(compliance)
    client.post(at("settings"), settings_data(MIN_COMMITMENT="40", AUTO_CONFIRM_MONEY="on"))
    agree_about("settings", "settings")
    assert platform_rules().min_commitment == 40_00
    assert platform_rules().auto_confirm_money is is_demo
    world.set_rules(AUTO_CONFIRM_MONEY=True)
    assert platform_rules().auto_confirm_money is is_demo


# --- jobs -----------------------------------------------------------------------------------------------------------
def test_a_job_run_by_hand_is_queued_once_and_keeps_its_schedule(compliance: User, client_of: ClientOf) -> None:
    schedule = Schedule.objects.get(name__endswith="end_of_day")
    OrmQ.objects.all().delete()
    client_of(compliance).post(at("run_job", schedule.pk))
    queued = [task.func() for task in OrmQ.objects.all()]
    assert queued == [schedule.func]
    assert Schedule.objects.get(pk=schedule.pk).next_run == schedule.next_run


def test_every_desk_page_has_its_own_permission_or_is_for_all_staff() -> None:
    open_to_all = {pattern.name for pattern in desk_urls if not hasattr(pattern.callback, "needed_permission")}
    assert open_to_all == {"index", "find"}


def test_staff_of_no_group_are_told_to_ask_for_one(client_of: ClientOf) -> None:
    page = client_of(world.make_user("New", Role.STAFF)).get(at("index"))
    assert page.status_code == 403
    assert "You are in no group of staff yet. Ask somebody who gives groups to staff." in page.content.decode()


def test_the_search_finds_only_what_the_group_may_see(alice: User, bob: User, client_of: ClientOf) -> None:
    loan = world.listed_loan(alice, today=clock.business_date())
    for group, place in ((StaffGroup.IDENTITY, at("index")), (StaffGroup.SUPPORT, at("loan_review", loan.reference))):
        found = client_of(scenes.staff_of(group)).get(at("find"), {"q": loan.reference})
        assert found.headers["Location"] == place


def test_a_persons_page_shows_each_group_what_its_duties_name(alice: User, bob: User, client_of: ClientOf) -> None:
    world.listed_loan(alice, today=clock.business_date())
    expected = {
        StaffGroup.IDENTITY: (None, 0),
        StaffGroup.UNDERWRITER: (None, 1),
        StaffGroup.FINANCE: (0, 1),
        StaffGroup.SUPPORT: (0, 1),
    }
    for group, (money, loans) in expected.items():
        shown = client_of(scenes.staff_of(group)).get(at("user", alice.member_number)).context
        assert (shown["wallet"] and shown["wallet"].total, len(shown["loans"])) == (money, loans), group


def test_a_loan_left_behind_is_a_red_light_and_a_line_with_its_place_in_the_log(
    alice: User, bob: User, compliance: User, client_of: ClientOf
) -> None:
    client = client_of(compliance)
    assert light(client, "left_behind") == ("success", "No loan left behind")
    loan = world.active_loan(alice, {bob: 1_000_00}, today=clock.business_date() - dt.timedelta(days=40))
    terms = loan.frozen_terms
    Loan.objects.filter(pk=loan.pk).update(frozen_terms={})
    loans_tasks.end_of_day()
    assert light(client, "left_behind") == ("danger", "1 loan left behind")
    page = client.get(at("left_behind")).content.decode()
    failure = EndOfDayFailure.objects.get()
    for words in (loan.reference, failure.reference, failure.error, "loans.account.terms:", "1 loan could not be"):
        assert words in page
    assert client_of(scenes.staff_of(StaffGroup.IDENTITY)).get(at("left_behind")).status_code == 403

    Loan.objects.filter(pk=loan.pk).update(frozen_terms=terms)
    loans_tasks.end_of_day()
    assert light(client, "left_behind") == ("success", "No loan left behind")
    assert "Up to date since" in client.get(at("left_behind")).content.decode()


def light(client: Client, name: str) -> tuple[str, str]:
    found = next(one for one in client.get(at("index")).context["lights"] if one.url_name == name)
    return found.kind, found.words
