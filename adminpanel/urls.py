"""Pages of the staff desk, in the namespace `admin` of the staff site."""

from __future__ import annotations

from django.urls import URLPattern, path

from adminpanel.views import books, demo_date, identity, mails, people, today
from adminpanel.views.control import approvals, freezing, products, questions, settings, staff
from adminpanel.views.lending import applications, collections, end_of_day_failures, loan_documents
from adminpanel.views.money import corrections, deposits, disbursements, repayments, withdrawals

desk_urls: list[URLPattern] = [
    path("", today.today, name="index"),
    path("find/", today.find, name="find"),
    # Identity
    path("identity/", identity.identity_list, name="identity_queue"),
    path("identity/<slug:member_number>/", identity.review, name="identity_review"),
    path("identity/<slug:member_number>/claim/", identity.claim, name="identity_claim"),
    path("identity/<slug:member_number>/approve/", identity.approve, name="identity_approve"),
    path("identity/<slug:member_number>/ask/", identity.ask, name="identity_ask"),
    path("identity/<slug:member_number>/reject/", identity.reject, name="identity_reject"),
    # Loans
    path("loans/review/", applications.queue, name="loan_queue"),
    path("loans/review/<slug:reference>/", applications.review, name="loan_review"),
    path("loans/review/<slug:reference>/take/", applications.take, name="loan_take"),
    path("loans/review/<slug:reference>/offer/", applications.offer, name="loan_offer"),
    path(
        "loans/review/<slug:reference>/documents/<slug:document_reference>/",
        loan_documents.document_file,
        name="loan_document",
    ),
    path(
        "loans/review/<slug:reference>/documents/<slug:document_reference>/check/",
        loan_documents.check_document,
        name="loan_document_check",
    ),
    path("loans/review/<slug:reference>/ask/", applications.ask, name="loan_ask"),
    path("loans/review/<slug:reference>/decline/", applications.decline, name="loan_decline"),
    path("loans/review/<slug:reference>/close/", applications.close, name="loan_close"),
    path("loans/review/<slug:reference>/freeze/", freezing.freeze, name="loan_freeze"),
    path("loans/review/<slug:reference>/unfreeze/", freezing.unfreeze, name="loan_unfreeze"),
    path("loans/questions/", questions.queue, name="question_queue"),
    path("loans/questions/<slug:reference>/", questions.question, name="question"),
    path("loans/questions/<slug:reference>/release/", questions.release, name="question_release"),
    path("loans/questions/<slug:reference>/refuse/", questions.refuse, name="question_refuse"),
    path("loans/left-behind/", end_of_day_failures.queue, name="left_behind"),
    path("loans/pay-out/", disbursements.queue, name="payouts"),
    path("loans/pay-out/<slug:reference>/", disbursements.disburse, name="pay_out"),
    # Late
    path("late/", collections.late, name="late"),
    path("late/defaults/", collections.proposed, name="proposed_defaults"),
    path("late/losses/", collections.losses, name="losses"),
    path("late/<slug:reference>/", collections.case, name="case"),
    path("late/<slug:reference>/<slug:name>/", collections.step, name="case_step"),
    path("approvals/", approvals.queue, name="approval_queue"),
    path("approvals/<slug:reference>/", approvals.approval, name="approval"),
    path("approvals/<slug:reference>/approve/", approvals.approve, name="approval_approve"),
    path("approvals/<slug:reference>/refuse/", approvals.refuse, name="approval_refuse"),
    path("approvals/<slug:reference>/take-back/", approvals.withdraw, name="approval_take_back"),
    path("approvals/<slug:reference>/again/", approvals.ask_anew, name="approval_ask_again"),
    # Money
    path("money/deposits/", deposits.queue, name="deposit_queue"),
    path("money/deposits/confirm/", deposits.batch, name="deposit_batch"),
    path("money/deposits/<slug:reference>/", deposits.deposit, name="deposit"),
    path("money/deposits/<slug:reference>/confirm/", deposits.confirm, name="deposit_confirm"),
    path("money/deposits/<slug:reference>/reject/", deposits.reject, name="deposit_reject"),
    path("money/withdrawals/", withdrawals.queue, name="withdrawal_queue"),
    path("money/withdrawals/<slug:reference>/", withdrawals.withdrawal, name="withdrawal"),
    path("money/withdrawals/<slug:reference>/approve/", withdrawals.approve, name="withdrawal_approve"),
    path("money/withdrawals/<slug:reference>/pay/", withdrawals.pay, name="withdrawal_pay"),
    path("money/withdrawals/<slug:reference>/reject/", withdrawals.reject, name="withdrawal_reject"),
    path("money/payments/", repayments.queue, name="repayment_queue"),
    path("money/payments/<slug:reference>/", repayments.repayment, name="repayment"),
    path("money/payments/<slug:reference>/confirm/", repayments.confirm, name="repayment_confirm"),
    path("money/payments/<slug:reference>/reject/", repayments.reject, name="repayment_reject"),
    path("money/payments/<slug:reference>/reverse/", corrections.reverse_payment, name="reverse_payment"),
    path("loans/payments/<slug:reference>/enter/", corrections.enter_payment, name="enter_payment"),
    # People
    path("staff/new/", staff.new_staff, name="staff_new"),
    path("users/<slug:member_number>/", people.person, name="user"),
    path("users/<slug:member_number>/suspend/", people.suspend, name="user_suspend"),
    path("users/<slug:member_number>/release/", people.release, name="user_release"),
    path("users/<slug:member_number>/suspect/", people.suspect, name="user_suspect"),
    path("users/<slug:member_number>/clear/", people.clear, name="user_clear"),
    path("users/<slug:member_number>/confirm-suspicion/", people.confirm_suspicion, name="user_confirm_suspicion"),
    path("users/<slug:member_number>/groups/", people.groups, name="user_groups"),
    # Books
    path("books/", books.books, name="books"),
    path("books/trial-balance/", books.trial_balance, name="trial_balance"),
    # Settings
    path("settings/", settings.settings, name="settings"),
    path("products/", products.products, name="products"),
    path("products/new/", products.new_product, name="product_new"),
    path("products/<slug:code>/", products.product, name="product"),
    path("jobs/", settings.jobs, name="jobs"),
    path("jobs/mails/", mails.mails, name="mails"),
    path("jobs/mails/retry/", mails.retry, name="mails_retry"),
    path("jobs/<int:schedule_id>/run/", settings.run_job, name="run_job"),
    path("demo-clock/", demo_date.demo_clock, name="demo_clock"),
]
