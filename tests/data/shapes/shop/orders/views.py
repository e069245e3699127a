import os

from django.http import JsonResponse
from django.shortcuts import render


def orders(request):
    return render(request, "orders.html", {"shop": "Corner shop"})


def healthz(request):
    return JsonResponse({"status": "ok", "version": os.environ.get("VERSION", "dev")})
