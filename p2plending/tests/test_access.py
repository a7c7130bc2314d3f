"""Who may open what: every URL of the site, opened by a visitor, a stranger of each role, its owner and staff.

A URL that is not in the table fails the test, so nobody can add a page without saying who may see it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from accounts.enums import Role
from accounts.models import User
from p2plending.tests.books import money_mark
from p2plending.tests.places import arguments, owner_of, path_to, url_names
from p2plending.tests.scene import Scene
from p2plending.tests.world import verified

# Answers to GET, for: visitor, another borrower, another lender, the owner, staff.
Answers = tuple[int, int, int, int, int]
OPEN: Answers = (200, 200, 200, 200, 200)
SENT_ON: Answers = (302, 302, 302, 302, 302)
ONLY_POST: Answers = (405, 405, 405, 405, 405)
ONLY_VISITORS: Answers = (200, 302, 302, 302, 302)
SIGNED_IN: Answers = (302, 200, 200, 200, 200)
MEMBERS: Answers = (302, 200, 200, 200, 403)
OWN: Answers = (302, 404, 404, 200, 403)
OWN_AND_STAFF: Answers = (302, 404, 404, 200, 200)
BORROWERS: Answers = (302, 200, 403, 200, 403)
OWN_OF_BORROWER: Answers = (302, 404, 403, 200, 403)
LENDERS: Answers = (302, 403, 200, 200, 403)
OWN_OF_LENDER: Answers = (302, 403, 404, 200, 403)
DESK: Answers = (302, 403, 403, 200, 200)
DESK_EMPTY: Answers = (302, 403, 403, 404, 404)
TOKEN: Answers = (401, 200, 200, 200, 200)
TOKEN_POST: Answers = (401, 405, 405, 405, 405)
TOKEN_OWN: Answers = (401, 404, 404, 200, 404)

TABLE: dict[Answers, str] = {
    OPEN: """
        public:welcome public:how_it_works public:fees public:risks public:help public:complaints public:privacy
        public:terms public:accessibility public:matching_policy public:statistics healthz readyz
        loans:quote matching:marketplace matching:listing api-products api-schema api-docs
        account_inactive account_email_verification_sent account_confirm_email accounts:registered
        account_reset_password account_reset_password_done account_reset_password_from_key
        account_reset_password_from_key_done
    """,
    SENT_ON: """
        home account_set_password account_confirm_login_code mfa_authenticate mfa_reauthenticate mfa_activate_totp
        mfa_generate_recovery_codes
    """,
    ONLY_VISITORS: "account_login account_signup accounts:register",
    SIGNED_IN: """
        account_logout account_reauthenticate account_email account_change_password mfa_index usersessions_list
        accounts:profile accounts:security accounts:notifications
    """,
    # Nobody has a second factor, and nothing was recovered.
    (302, 404, 404, 404, 404): """
        mfa_deactivate_totp mfa_view_recovery_codes mfa_download_recovery_codes loans:explain_recovery
        loans:explain_change
    """,
    ONLY_POST: """
        theme accounts:identity_submit accounts:notifications_read loans:answer_info loans:accept_offer
        loans:decide_smaller loans:answer_question matching:ask matching:auto_invest_activate
        matching:auto_invest_pause matching:dismiss_suggestion admin:identity_claim admin:identity_approve
        admin:identity_ask admin:identity_reject admin:loan_take admin:loan_offer admin:loan_ask admin:loan_decline
        admin:loan_close admin:deposit_confirm admin:deposit_reject admin:withdrawal_approve admin:withdrawal_pay
        admin:withdrawal_reject admin:repayment_confirm admin:repayment_reject admin:user_suspend admin:user_release
        admin:user_groups admin:run_job admin:mails_retry admin:case_step admin:approval_approve admin:approval_refuse
        admin:approval_ask_again
        loans:switch_autopay loans:help_send loans:help_take_back loans:accept_new_plan loans:decline_new_plan
        api-token api-token-refresh api-token-verify api-token-logout api-register
        api-calculator
    """,
    MEMBERS: """
        getting_started accounts:identity accounts:identity_details accounts:identity_document
        ledger:wallet ledger:lines_csv ledger:add ledger:take_out ledger:statements ledger:statement
        ledger:statement_csv ledger:statement_print ledger:statement_pdf
    """,
    (302, 302, 302, 302, 403): "ledger:add_check ledger:take_out_check",
    OWN: "ledger:line ledger:deposit ledger:cancel_deposit ledger:withdrawal ledger:cancel_withdrawal",
    OWN_AND_STAFF: "accounts:identity_file loans:explain_repayment loans:agreement",
    # The payment plan; who may have which document is a test of its own.
    (302, 404, 404, 200, 404): "loans:document loans:document_pdf",
    (401, 404, 404, 200, 200): "api-loan-agreement",
    BORROWERS: "loans:borrowing_home loans:loan_list loans:apply_amount",
    (302, 302, 403, 302, 403): "loans:apply_start",
    OWN_OF_BORROWER: """
        loans:apply_sent loans:loan loans:withdraw loans:sign loans:pay loans:repayment loans:early loans:plan
        loans:plan_csv loans:give_back loans:help
        loans:new_plan
    """,
    (302, 404, 302, 302, 302): "loans:by_reference",
    (302, 404, 403, 302, 403): "loans:pay_check",
    # The loan of the scene is neither paid back nor written off, and nobody offered to settle it.
    (302, 404, 403, 404, 403): "loans:certificate loans:settlement loans:pay_loss",
    LENDERS: """
        matching:lending_home matching:risk_profile matching:lend matching:portfolio matching:portfolio_csv
        matching:auto_invest matching:auto_invest_edit matching:auto_invest_log matching:suggestions
    """,
    OWN_OF_LENDER: "matching:lent matching:withdraw_commitment matching:note",
    DESK: """
        admin:index admin:identity_queue admin:identity_review admin:loan_queue admin:loan_review admin:payouts
        admin:pay_out admin:deposit_queue admin:deposit admin:withdrawal_queue admin:withdrawal
        admin:repayment_queue admin:repayment admin:user admin:books admin:trial_balance admin:settings
        admin:products admin:product admin:jobs admin:mails admin:audit_csv admin:late admin:losses admin:case
        admin:proposed_defaults admin:left_behind admin:approval_queue admin:enter_payment admin:reverse_payment
    """,
    # Nothing waits for a second person.
    # Nothing waits for a second person, and only a demo moves the date.
    DESK_EMPTY: "admin:approval admin:demo_clock",
    (302, 403, 403, 302, 302): "admin:find admin:deposit_batch",
    TOKEN: """
        api-me api-identity api-notifications api-wallet api-wallet-lines api-deposits api-withdrawals api-loans
        api-questions api-listings api-listing api-commitments api-notes api-mandate-decisions
    """,
    TOKEN_POST: """
        api-identity-documents api-identity-submit api-notifications-read api-deposit-cancel api-withdrawal-cancel
        api-loan-submit api-loan-answer api-loan-accept api-loan-decline api-loan-smaller api-loan-withdraw
        api-loan-sign api-question-answer api-repayment-preview api-place-commitment api-withdraw-commitment
        api-dismiss-match api-mandate-activate api-mandate-pause api-help-preview api-help-withdraw
        api-new-plan-accept api-new-plan-decline
    """,
    TOKEN_OWN: """
        api-wallet-line api-deposit api-withdrawal api-loan api-loan-schedule api-repayments
        api-repayment api-payoff-quote api-payment-plan api-autopay
        api-document api-give-back api-help api-recoveries api-note api-risk-profile api-mandate
    """,
    # Nobody proposed a plan or offered to settle.
    (401, 404, 404, 404, 404): "api-new-plan api-settlement",
    (401, 403, 200, 200, 403): "api-matches",
    # Without a period in the query.
    (401, 422, 422, 422, 422): "api-statements api-statement-pdf",
}
STATED: dict[str, Answers] = {name: answers for answers, names in TABLE.items() for name in names.split()}
# Read-only lists of the admin, made from its registry: staff only, and 404 where the scene has no such row.
REGISTRY = ("_changelist", "_change")
# Lenders may do these with any open loan.
FOR_ANY_LENDER = {"matching:lend", "matching:ask", "api-place-commitment", "api-questions"}
TO_SIGN_IN = "/accounts/login/"
PAUSE: dict[str, object] = {"option": "holiday", "payments": 2}
# What the API is sent by the wrong person: nothing is wrong with it but the sender.
BODIES: dict[str, dict[str, object]] = {
    "api-loan-answer": {"answer": "For windows."},
    "api-loan-smaller": {"decision": "accept"},
    "api-loan-sign": {"typed_name": "Funded Example"},
    "api-question-answer": {"answer": "Because."},
    "api-questions": {"text": "Why not?"},
    "api-place-commitment": {"amount": "25.00"},
    "api-repayments": {"amount": "10.00", "method": "wallet"},
    "api-repayment-preview": {"amount": "10.00"},
    "api-help": {
        "cause": "income",
        "expected_months": 3,
        "affordable_amount": "20.00",
        "option": "holiday",
        "payments": 2,
    },
    "api-help-preview": {"option": "holiday", "payments": 2},
    "api-recoveries": {"amount": "10.00"},
    "api-settlement": {"amount": "10.00"},
}

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def strangers(scene: Scene) -> tuple[User, User]:
    return verified("Stranger-b", Role.BORROWER), verified("Stranger-l", Role.LENDER)


@pytest.fixture
def visit(client_of: Callable[[User], Client], api_of: Callable[[User], APIClient]) -> Callable[..., int]:
    """The status of one request, and for pages of others where it sends the visitor."""
    clients: dict[tuple[int, bool], Client] = {}

    def request(name: str, path: str, person: User | None, method: str = "get") -> tuple[int, str]:
        cache.clear()
        is_api = name.startswith("api-")
        key = (person.pk if person else 0, is_api)
        if person is None:
            clients.setdefault(key, APIClient() if is_api else Client())
        elif key not in clients:
            clients[key] = (api_of if is_api else client_of)(person)
        headers = {"Idempotency-Key": "a-key-for-this"} if is_api else {}
        body = BODIES.get(name) if method == "post" else None
        answer = getattr(clients[key], method)(path, body, headers=headers)
        return answer.status_code, answer.headers.get("Location", "")

    return request


def stated(name: str, arguments_: dict[str, object]) -> Answers | None:
    if name.startswith("admin:") and name.endswith(REGISTRY):
        return DESK_EMPTY if arguments_.get("object_id") == 0 else DESK
    return STATED.get(name)


def test_every_url_says_who_may_open_it(scene: Scene) -> None:
    names = url_names()
    assert [name for name in names if stated(name, {}) is None] == []
    assert sorted(set(STATED) - set(names)) == []


def test_every_page_answers_everybody_as_stated(
    scene: Scene, strangers: tuple[User, User], visit: Callable[..., tuple[int, str]]
) -> None:
    wrong = {}
    for name in url_names():
        path = path_to(name, scene)
        people = (None, *strangers, owner_of(name, scene), scene.staff)
        if name == "account_logout":
            people = (None,)
        answers = tuple(visit(name, path, person)[0] for person in people)
        expected = stated(name, arguments(name, scene))[: len(people)]
        if answers != expected:
            wrong[name] = (answers, expected)
    assert wrong == {}


def test_nobody_but_the_owner_can_send_a_form(
    scene: Scene, strangers: tuple[User, User], visit: Callable[..., tuple[int, str]]
) -> None:
    before = money_mark()
    let_in = {}
    for name in url_names():
        if not arguments(name, scene) or stated(name, {}) == OPEN or name.startswith(("account_", "mfa_")):
            continue
        path = path_to(name, scene)
        for person in (None, *strangers, scene.staff):
            if person == owner_of(name, scene) or (person == strangers[1] and name in FOR_ANY_LENDER):
                continue
            status, location = visit(name, path, person, "post")
            is_refused = status in (401, 403, 404, 405) or location.startswith(TO_SIGN_IN)
            if not is_refused:
                let_in[name, getattr(person, "email", "visitor")] = (status, location)
    assert let_in == {}
    assert money_mark() == before


def test_the_wrong_role_is_told_who_may_enter_and_shown_a_way_out(
    scene: Scene, client_of: Callable[[User], Client]
) -> None:
    for person, path, words in (
        (scene.lender, "/borrowing/", "Only borrowers can open this page."),
        (scene.active.borrower, "/portfolio/", "Only lenders can open this page."),
        (scene.active.borrower, "/admin/", "Only staff can open this page."),
        (scene.staff, "/wallet/", "Your account can&#x27;t open this page."),
    ):
        answer = client_of(person).get(path)
        assert answer.status_code == 403
        assert words in answer.content.decode()
        assert 'href="/home/"' in answer.content.decode()
