"""The wallet's pages, as people without JavaScript use them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from ledger.enums.books import DepositStatus, EntryKind, LineCode, WithdrawalStatus
from ledger.models import Deposit, JournalEntry, Withdrawal
from ledger.selectors import WalletSummary, wallet_summary
from ledger.services.posting import credit, debit, post_entry
from p2plending.lib.clock import business_date
from p2plending.lib.database.transactions import run_money
from p2plending.tests.support.markup import title_of

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
IBAN = "DE89 3704 0044 0532 0130 00"
QUERIES_OF_WALLET = 16


def fund(user: User, amount: int, day: dt.date, key: str) -> JournalEntry:
    lines = [debit("C1000", amount, LineCode.DEPOSIT), credit("C2100", amount, LineCode.DEPOSIT, owner=user)]
    return run_money(
        lambda: post_entry(
            kind=EntryKind.DEPOSIT,
            key=key,
            value_date=day,
            lines=lines,
            actor=None,
            narrative="Test",
            subject_type="deposit",
            subject_reference="DP-TEST0001",
        )
    )


def text(response: HttpResponse) -> str:
    """What the page says, without markup and with single blanks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def form_key(response: HttpResponse) -> str:
    return re.search(r'name="form_key" value="([^"]+)"', response.content.decode())[1]


@pytest.fixture
def funded_bob(bob: User) -> User:
    fund(bob, 1_000_00, dt.date(2026, 1, 5), "fund")
    return bob


@pytest.mark.parametrize("path", ["", "add/", "take-out/", "statements/", "lines.csv"])
def test_only_borrowers_and_lenders_have_a_wallet(client_of: ClientOf, dora: User, path: str) -> None:
    assert Client().get(f"/wallet/{path}").status_code == 302
    refused = client_of(dora).get(f"/wallet/{path}")
    assert refused.status_code == 403
    assert "Your account can't open this page." in refused.content.decode().replace("&#x27;", "'")


def test_other_peoples_things_are_not_found(client_of: ClientOf, funded_bob: User, carol: User) -> None:
    entry = JournalEntry.objects.get()
    deposit = Deposit.objects.create(reference="DP-BOBS", user=funded_bob, amount=1, sent_on=dt.date(2026, 1, 1))
    withdrawal = Withdrawal.objects.create(
        reference="WD-BOBS", user=funded_bob, amount=1, requested_on=dt.date(2026, 1, 1), iban_last4="3000", iban=IBAN
    )
    for path in (
        f"lines/{entry.reference}/1/",
        f"deposits/{deposit.reference}/",
        f"deposits/{deposit.reference}/cancel/",
        f"withdrawals/{withdrawal.reference}/",
        f"withdrawals/{withdrawal.reference}/cancel/",
    ):
        assert client_of(funded_bob).get(f"/wallet/{path}").status_code == 200, path
        assert client_of(carol).get(f"/wallet/{path}").status_code == 404, path


def test_an_empty_wallet_says_what_will_be_here(client_of: ClientOf, bob: User) -> None:
    assert "No money has moved yet" in text(client_of(bob).get("/wallet/"))


def test_somebody_unverified_reads_why_instead_of_the_button(client_of: ClientOf, eve: User) -> None:
    client = client_of(eve)
    for path in ("/wallet/", "/wallet/add/", "/wallet/take-out/"):
        page = client.get(path)
        assert "Confirm your e-mail address first." in text(page)
        assert "I have sent it" not in text(page)
        assert 'name="form_key"' not in page.content.decode()


def test_a_deposit_is_told_of_in_three_steps(client_of: ClientOf, bob: User) -> None:
    client, today = client_of(bob), business_date()
    form = client.get("/wallet/add/")
    assert bob.member_number in text(form)
    told = {
        "form_key": form_key(form),
        "amount": "1,250.5",
        "sent_on": today.isoformat(),
        "method": "bank_transfer",
        "bank_reference": "Savings",
    }
    check = client.post("/wallet/add/", told, follow=True)
    assert "€1,250.50" in text(check)
    assert form_key(check) == told["form_key"]
    assert Deposit.objects.count() == 0
    first, again = client.post("/wallet/add/check/", told), client.post("/wallet/add/check/", told)
    deposit = Deposit.objects.get()
    assert (deposit.amount, deposit.status) == (1_250_50, DepositStatus.DECLARED)
    assert first["Location"] == again["Location"] == f"/wallet/deposits/{deposit.reference}/"
    assert "We are looking for your money" in text(client.get(first["Location"]))
    assert "€1,250.50 coming in" in text(client.get("/wallet/"))


def test_what_was_typed_can_be_changed_from_the_check_page(client_of: ClientOf, bob: User) -> None:
    client = client_of(bob)
    day = (business_date() - dt.timedelta(days=3)).isoformat()
    told = {"form_key": "a" * 32, "amount": "80", "sent_on": day, "method": "cash"}
    check = client.post("/wallet/add/", told, follow=True)
    assert f'href="/wallet/add/?form={"a" * 32}"' in check.content.decode()
    form = client.get(f"/wallet/add/?form={'a' * 32}")
    assert form_key(form) == "a" * 32
    assert 'value="80"' in form.content.decode()
    assert f'value="{day}"' in form.content.decode()


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("", "Enter an amount."),
        ("two hundred", "Enter the amount as a number, like 2400.00."),
        ("-5", "Enter an amount above zero."),
        ("0", "Enter an amount above zero."),
        ("1e30", "Enter the amount as a number, like 2400.00."),
        ("9" * 40, "Enter a smaller amount."),
        ("10.005", "Enter the amount with at most 2 decimals, like 2400.00."),
    ],
)
def test_a_wrong_amount_is_said_and_nothing_moves(client_of: ClientOf, bob: User, amount: str, words: str) -> None:
    told = {"form_key": "k" * 32, "amount": amount, "sent_on": business_date().isoformat(), "method": "cash"}
    for path in ("/wallet/add/", "/wallet/add/check/"):
        answer = client_of(bob).post(path, told)
        assert answer.status_code == 422
        assert words in text(answer)
        assert title_of(answer.content.decode()).startswith("Error: ")
    assert Deposit.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sent_on": "soon"}, "Enter the day as a date, like 2026-01-31."),
        ({"sent_on": "2999-01-01"}, "can't be in the future"),
        ({"sent_on": "2020-01-01"}, "must be within the last 90 days"),
        ({"form_key": ""}, "This page was out of date. Open it again."),
        ({"method": "barter"}, "Choose one of the answers in the list."),
    ],
)
def test_other_wrong_fields_are_said(client_of: ClientOf, bob: User, change: dict, words: str) -> None:
    told = {"form_key": "k" * 32, "amount": "10", "sent_on": business_date().isoformat(), "method": "cash"}
    answer = client_of(bob).post("/wallet/add/", told | change)
    assert answer.status_code == 422
    assert words in text(answer).replace("&#x27;", "'")


def test_telling_twice_is_warned_of_before_it_is_sent(client_of: ClientOf, bob: User) -> None:
    Deposit.objects.create(reference="DP-FIRST", user=bob, amount=80_00, sent_on=business_date(), method="cash")
    told = {"form_key": "k" * 32, "amount": "80", "sent_on": business_date().isoformat(), "method": "cash"}
    check = client_of(bob).post("/wallet/add/", told, follow=True)
    assert "You told us about this already." in text(check)
    assert "/wallet/deposits/DP-FIRST/" in check.content.decode()


def test_a_deposit_can_be_taken_back_once(client_of: ClientOf, bob: User) -> None:
    Deposit.objects.create(reference="DP-OOPS", user=bob, amount=80_00, sent_on=business_date())
    client = client_of(bob)
    page = client.get("/wallet/deposits/DP-OOPS/cancel/")
    answer = client.post("/wallet/deposits/DP-OOPS/cancel/", {"form_key": form_key(page)})
    assert answer["Location"] == "/wallet/deposits/DP-OOPS/"
    assert Deposit.objects.get().status == DepositStatus.CANCELLED
    stale = client.post("/wallet/deposits/DP-OOPS/cancel/", {"form_key": "another-key"})
    assert stale.status_code == 422
    assert "This step is no longer possible." in text(stale)


def test_what_can_be_taken_back_no_longer_leads_to_its_page(client_of: ClientOf, bob: User) -> None:
    day = business_date()
    found = Deposit.objects.create(
        reference="DP-GONE", user=bob, amount=80_00, sent_on=day, status=DepositStatus.CANCELLED
    )
    sent = Withdrawal.objects.create(
        reference="WD-GONE",
        user=bob,
        amount=80_00,
        requested_on=day,
        iban_last4="3000",
        iban=IBAN,
        status=WithdrawalStatus.APPROVED,
    )
    for path in (f"/wallet/deposits/{found.reference}/", f"/wallet/withdrawals/{sent.reference}/"):
        assert client_of(bob).get(f"{path}cancel/")["Location"] == path


def test_money_is_taken_out_in_three_steps(client_of: ClientOf, funded_bob: User) -> None:
    client = client_of(funded_bob)
    form = client.get("/wallet/take-out/?amount=all")
    assert 'value="1000.00"' in form.content.decode()
    wanted = {"form_key": form_key(form), "amount": "400", "account_holder": "Bob Example", "iban": IBAN}
    check = text(client.post("/wallet/take-out/", wanted, follow=True))
    assert "€1,000.00" in check
    assert "€600.00" in check
    assert Withdrawal.objects.count() == 0
    first, again = (client.post("/wallet/take-out/check/", wanted) for _ in range(2))
    withdrawal = Withdrawal.objects.get()
    assert first["Location"] == again["Location"] == f"/wallet/withdrawals/{withdrawal.reference}/"
    assert wallet_summary(funded_bob) == WalletSummary(available=600_00, withdrawing=400_00)
    page = client.get(first["Location"])
    assert "3000" in text(page)
    assert "0532" not in text(page)
    cancel = client.get(f"{first['Location']}cancel/")
    client.post(f"{first['Location']}cancel/", {"form_key": form_key(cancel)})
    assert Withdrawal.objects.get().status == WithdrawalStatus.CANCELLED
    assert wallet_summary(funded_bob) == WalletSummary(available=1_000_00)


def test_more_than_is_available_is_said_on_the_form_and_on_a_stale_check_page(
    client_of: ClientOf, funded_bob: User
) -> None:
    wanted = {"form_key": "k" * 32, "amount": "1000.01", "account_holder": "Bob", "iban": IBAN}
    for path in ("/wallet/take-out/", "/wallet/take-out/check/"):
        answer = client_of(funded_bob).post(path, wanted)
        assert answer.status_code == 422
        assert "You have €1,000.00 available. Take out less." in text(answer)
    assert wallet_summary(funded_bob) == WalletSummary(available=1_000_00)


def test_a_mistyped_account_number_is_said(client_of: ClientOf, funded_bob: User) -> None:
    wanted = {"form_key": "k" * 32, "amount": "10", "account_holder": "Bob", "iban": IBAN.replace("89", "98")}
    answer = client_of(funded_bob).post("/wallet/take-out/", wanted)
    assert answer.status_code == 422
    assert "Enter a valid account number (IBAN)" in text(answer)


def test_lines_are_filtered_summed_and_paged(client_of: ClientOf, funded_bob: User) -> None:
    for number in range(30):
        fund(funded_bob, 1_00, dt.date(2026, 2, 1), f"more-{number}")
    client = client_of(funded_bob)
    page = client.get("/wallet/")
    assert "1–25 of 31" in text(page)
    assert "€1,030.00" in text(page)
    february = text(client.get("/wallet/?start=2026-02-01&end=2026-02-28&page=2"))
    assert "26–30 of 30" in february
    assert "Opening balance €1,000.00" in february
    assert "Total in €30.00" in february
    assert "Closing balance €1,030.00" in february
    by_type = text(client.get("/wallet/?type=DEPOSIT"))
    assert "Total in €1,030.00" in by_type
    assert "Opening balance" not in by_type
    assert "No lines match" in text(client.get("/wallet/?type=COLLECTION_FEE"))


def test_a_filter_that_cannot_be_read_is_said(client_of: ClientOf, funded_bob: User) -> None:
    page = text(client_of(funded_bob).get("/wallet/?start=yesterday&type=NONSENSE"))
    assert "Enter the first day as a date, like 2026-01-31." in page
    assert "Choose a kind of line from the list." in page
    assert "€1,000.00" in page


def test_the_wallet_asks_as_many_queries_for_one_line_as_for_three(
    client_of: ClientOf, funded_bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of(funded_bob)
    client.get("/wallet/")
    with django_assert_num_queries(QUERIES_OF_WALLET):
        client.get("/wallet/")
    fund(funded_bob, 1_00, dt.date(2026, 2, 1), "two")
    fund(funded_bob, 1_00, dt.date(2026, 2, 1), "three")
    with django_assert_num_queries(QUERIES_OF_WALLET):
        client.get("/wallet/")


def test_a_line_opens_to_how_it_came_about(client_of: ClientOf, funded_bob: User) -> None:
    entry = JournalEntry.objects.get()
    client = client_of(funded_bob)
    assert f'href="/wallet/lines/{entry.reference}/1/"' in client.get("/wallet/").content.decode()
    page = client.get(f"/wallet/lines/{entry.reference}/1/")
    assert "+€1,000.00" in text(page)
    assert "Your wallet, available" in text(page)
    assert "Client account at the bank" in text(page)
    assert 'href="/wallet/deposits/DP-TEST0001/"' in page.content.decode()
    assert client.get(f"/wallet/lines/{entry.reference}/2/").status_code == 404


def test_the_csv_holds_all_matching_lines_in_plain_decimals(client_of: ClientOf, funded_bob: User) -> None:
    entry = fund(funded_bob, 5, dt.date(2026, 2, 1), "two")
    answer = client_of(funded_bob).get("/wallet/lines.csv?start=2026-02-01")
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").split("\r\n")
    assert rows[0] == ("value_date,booked_at,code,what,subject,entry,line,amount_in,amount_out,balance_after,currency")
    cells = rows[1].split(",")
    assert cells[0] == "2026-02-01"
    assert cells[2:] == [
        "DEPOSIT",
        "Money added",
        "DP-TEST0001",
        entry.reference,
        "2",
        "0.05",
        "0.00",
        "1000.05",
        "EUR",
    ]
    assert rows[2:] == [""]
    assert answer["Content-Disposition"] == 'attachment; filename="wallet-lines.csv"'


def test_a_statement_of_own_dates(client_of: ClientOf, funded_bob: User) -> None:
    client = client_of(funded_bob)
    assert client.get("/wallet/statements/?start=2026-01-01&end=2026-01-31")["Location"] == (
        "/wallet/statements/2026-01-01/2026-01-31/"
    )
    page = text(client.get("/wallet/statements/2026-01-01/2026-01-31/"))
    assert "Opening balance €0.00" in page
    assert "Closing balance €1,000.00" in page
    quiet = text(client.get("/wallet/statements/2025-01-01/2025-01-31/"))
    assert "The closing balance is the opening balance." in quiet
    csv = client.get("/wallet/statements/2026-01-01/2026-01-31.csv")
    assert csv["Content-Disposition"] == 'attachment; filename="statement-2026-01-01-2026-01-31.csv"'
    assert b"".join(csv.streaming_content).count(b"\r\n") == 2


@pytest.mark.parametrize("path", ["2026-02-30/2026-03-01/", "2026-03-01/2026-02-01/", "2026-03-01/2026-02-01.csv"])
def test_a_period_that_is_none_is_not_found(client_of: ClientOf, bob: User, path: str) -> None:
    assert client_of(bob).get(f"/wallet/statements/{path}").status_code == 404


def test_dates_the_wrong_way_round_are_said(client_of: ClientOf, bob: User) -> None:
    answer = client_of(bob).get("/wallet/statements/?start=2026-02-01&end=2026-01-01")
    assert answer.status_code == 422
    assert "The last day must not be before the first day." in text(answer)
