from django.urls import path
from orders.views import healthz, orders

urlpatterns = [path("", orders), path("healthz", healthz)]
