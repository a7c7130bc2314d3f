"""Who signs in to the demo, and how. The domain is reserved for examples, so no e-mail can ever arrive there."""

from __future__ import annotations

DEMO_DOMAIN = "demo.example"
PASSWORD = "lending-demo-2026"  # noqa: S105 - printed for everybody; the demo refuses to be made outside demo mode
ALICE = f"alice.borrower@{DEMO_DOMAIN}"
FAY = f"fay.borrower@{DEMO_DOMAIN}"
BOB = f"bob.lender@{DEMO_DOMAIN}"
DORA = f"dora.staff@{DEMO_DOMAIN}"
FINN = f"finn.staff@{DEMO_DOMAIN}"
NEWCOMER = f"nina.new@{DEMO_DOMAIN}"
ADMIN = f"admin@{DEMO_DOMAIN}"

# What is printed at the end of `manage.py demo`.
LOGINS = (
    (ALICE, "borrower: one loan running, one paid back"),
    (FAY, "borrower: a loan every two weeks, whose plan follows what she pays"),
    (BOB, "lender: notes, an auto-invest rule, money to lend"),
    (NEWCOMER, "lender who has just registered: nothing is checked yet"),
    (DORA, "staff: identity checks, applications, money"),
    (FINN, "staff: loans in trouble, the second person for large sums, and settings"),
    (ADMIN, "staff: everything"),
)
