"""What an endpoint of the API is sent by the wrong person: nothing is wrong with it but the sender."""

from __future__ import annotations

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
