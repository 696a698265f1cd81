"""Addresses of the shop that are no pages: basket, checkout, orders, and Stripe's messages. None is ever cached."""

from django.urls import path

from store.views import basket, checkout, orders, webhook

app_name = "store"

urlpatterns = [
    path("basket/", basket.basket, name="basket"),
    path("basket/add/", basket.add, name="add_to_basket"),
    path("basket/update/", basket.update, name="update_basket"),
    path("checkout/", checkout.review, name="checkout"),
    path("checkout/return/<slug:token>/", checkout.return_from_payment, name="return_from_payment"),
    path("checkout/cancel/<slug:token>/", checkout.cancel_payment, name="cancel_payment"),
    path("orders/<slug:token>/", orders.order, name="order"),
    path("stripe/webhook/", webhook.stripe_webhook, name="stripe_webhook"),
]
