"""Every URL of the site with the thing of the scene that it is opened for, and whose page it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django_q.models import Schedule

from accounts.models import User
from loans.models import Note
from p2plending.operations.reference_data import STANDARD_PRODUCT
from p2plending.tests.support.scene import Scene

Place = Callable[[Scene], dict[str, Any]]
# Keys that lead nowhere: the pages say so themselves.
DEAD_KEYS = {"key": "dead-key", "uidb36": "1", "object_id": 0, "name": "write-off", "help_reference": "none"}


def url_names() -> list[str]:
    """All named URLs, with their namespace, each once."""
    return list(dict.fromkeys(_names(get_resolver(), "")))


def _names(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _names(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)
        elif isinstance(entry, URLPattern) and entry.name:
            yield prefix + entry.name


def _thing(word: str) -> Place:
    return lambda scene: {"reference": getattr(scene, word).reference}


def _note(scene: Scene) -> dict[str, Any]:
    return {"reference": Note.objects.filter(owner=scene.lender).first().reference}


def _payment(scene: Scene) -> dict[str, Any]:
    return {"reference": scene.active.reference, "repayment_reference": scene.paid.reference}


def _question(scene: Scene) -> dict[str, Any]:
    return {"reference": scene.listed.reference, "question_reference": scene.question.reference}


def _loan_document(scene: Scene) -> dict[str, Any]:
    return {"reference": scene.active.reference, "document_reference": scene.loan_document.reference}


def _commitment(scene: Scene) -> dict[str, Any]:
    return {"reference": scene.listed.reference, "commitment_reference": scene.commitment.reference}


def _period(scene: Scene) -> dict[str, Any]:
    return {"start": scene.today.replace(day=1), "end": scene.today}


def _paper(scene: Scene) -> dict[str, Any]:
    return {"kind": "plan", "reference": scene.active.reference}


def _member(word: str) -> Place:
    return lambda scene: {"member_number": getattr(scene, word).member_number}


LOAN_OF = {
    "loans:apply_sent": "sent",
    "loans:answer_info": "asked",
    "loans:withdraw": "listed",
    "loans:accept_offer": "offered",
    "loans:decide_smaller": "listed",
    "loans:sign": "funded",
    "loans:agreement": "active",
    "admin:loan_review": "reviewed",
    "admin:loan_take": "sent",
    "admin:loan_offer": "reviewed",
    "admin:loan_ask": "reviewed",
    "admin:loan_decline": "reviewed",
    "admin:loan_close": "listed",
    "admin:loan_freeze": "listed",
    "admin:loan_unfreeze": "listed",
    "admin:pay_out": "funded",
    "api-loan-submit": "drafting",
    "api-loan-answer": "asked",
    "api-loan-accept": "offered",
    "api-loan-decline": "offered",
    "api-loan-smaller": "listed",
    "api-loan-withdraw": "listed",
    "api-loan-sign": "funded",
    "api-loan-agreement": "active",
    "api-loan": "drafting",
}
OTHER_PLACES: dict[str, Place] = {
    "accounts:identity_file": _thing("document"),
    "accounts:identity_remove_document": _thing("document"),
    "api-identity-document": _thing("document"),
    "ledger:line": lambda scene: {"reference": scene.line.entry.reference, "seq": scene.line.seq},
    "ledger:deposit": _thing("deposit"),
    "ledger:cancel_deposit": _thing("deposit"),
    "ledger:withdrawal": _thing("withdrawal"),
    "ledger:cancel_withdrawal": _thing("withdrawal"),
    "ledger:statement": _period,
    "ledger:statement_csv": _period,
    "ledger:statement_print": _period,
    "ledger:statement_pdf": _period,
    "loans:document": _paper,
    "loans:document_pdf": _paper,
    "api-document": _paper,
    "loans:repayment": _payment,
    "loans:explain_repayment": _thing("paid"),
    "loans:supporting_document": _loan_document,
    "admin:loan_document": _loan_document,
    "admin:loan_document_check": _loan_document,
    "api-loan-document": _loan_document,
    "loans:answer_question": _question,
    "matching:lent": _commitment,
    "matching:withdraw_commitment": _commitment,
    "matching:note": _note,
    "matching:dismiss_suggestion": _thing("match"),
    "admin:reverse_payment": _thing("paid"),
    "admin:question": _thing("question"),
    "admin:question_release": _thing("question"),
    "admin:question_refuse": _thing("question"),
    "admin:product": lambda _scene: {"code": STANDARD_PRODUCT},
    "admin:run_job": lambda _scene: {"schedule_id": Schedule.objects.first().pk},
    "api-wallet-line": lambda scene: {"entry": scene.line.entry.reference, "seq": scene.line.seq},
    "api-deposit": _thing("deposit"),
    "api-deposit-cancel": _thing("deposit"),
    "api-withdrawal": _thing("withdrawal"),
    "api-withdrawal-cancel": _thing("withdrawal"),
    "api-repayment": _payment,
    "api-question-answer": _question,
    "api-withdraw-commitment": _thing("commitment"),
    "api-note": _note,
    "api-dismiss-match": _thing("match"),
}
LISTED_LOAN = (
    "matching:listing",
    "matching:ask",
    "matching:lend",
    "api-listing",
    "api-place-commitment",
    "api-questions",
)


def arguments(name: str, scene: Scene) -> dict[str, Any]:
    """What to put into the URL."""
    if name in OTHER_PLACES:
        return OTHER_PLACES[name](scene)
    if name in LOAN_OF or name in LISTED_LOAN:
        return _thing(LOAN_OF.get(name, "listed"))(scene)
    if name.startswith("admin:identity_") and name != "admin:identity_queue":
        return _member("newcomer")(scene)
    if name == "admin:user" or name.startswith("admin:user_"):
        return _member("lender")(scene)
    for word, thing in (("deposit", "deposit"), ("withdrawal", "withdrawal"), ("repayment", "told_payment")):
        if name in (f"admin:{word}", *(f"admin:{word}_{step}" for step in ("confirm", "reject", "approve", "pay"))):
            return _thing(thing)(scene)
    if name.startswith("admin:") and name.endswith("_change"):
        app, model = name.removeprefix("admin:").removesuffix("_change").rsplit("_", 1)
        row = apps.get_model(app, model).objects.order_by("pk").first()
        return {"object_id": row.pk if row else 0}
    return _by_parameters(name, scene)


def _by_parameters(name: str, scene: Scene) -> dict[str, Any]:
    wanted = _parameters(name)
    return {key: scene.active.reference if key == "reference" else DEAD_KEYS[key] for key in wanted}


def _parameters(name: str) -> set[str]:
    *namespaces, last = name.split(":")
    resolver = get_resolver()
    for namespace in namespaces:
        resolver = resolver.namespace_dict[namespace][1]
    [(possibility, *_rest)] = resolver.reverse_dict.getlist(last)[:1]
    return set(possibility[0][1])


def path_to(name: str, scene: Scene) -> str:
    return reverse(name, kwargs=arguments(name, scene))


def owner_of(name: str, scene: Scene) -> User:
    """Who the page belongs to: the borrower of its loan, the lender of everything else, or staff."""
    if name.startswith("admin:"):
        return scene.staff
    if name.startswith(("loans:apply", "api-loan-submit")) and name != "loans:apply_sent":
        return scene.drafting.borrower
    if name in ("accounts:identity_file", "accounts:identity_remove_document", "api-identity-document"):
        return scene.newcomer
    if (
        name.startswith("loans:")
        or name == "api-document"
        or "/loans/" in path_to(name, scene)
        or name == "api-question-answer"
    ):
        loan = getattr(scene, LOAN_OF.get(name, "listed" if "question" in name else "active"))
        return loan.borrower
    return scene.lender
