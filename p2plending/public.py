"""Pages that need no account."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from loans.models import GradeTerms


@require_GET
def welcome(request: HttpRequest) -> HttpResponse:
    return render(request, "public/welcome.html", {})


@require_GET
def text_page(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, f"public/{name}.html", {})


@require_GET
def fees(request: HttpRequest) -> HttpResponse:
    grades = GradeTerms.objects.select_related("product").filter(product__is_offered=True)
    return render(request, "public/fees.html", {"grades": grades})


@require_GET
def statistics(request: HttpRequest) -> HttpResponse:
    return render(request, "public/statistics.html", {})
