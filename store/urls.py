"""URLs of the shop that are not pages: basket, checkout, orders, and Stripe's webhook. None is ever cached."""

from django.urls import path

from store.basket import views as basket_views
from store.checkout import views as checkout_views
from store.documents import views as document_views
from store.offers import views as offer_views
from store.orders import change_views, find_views
from store.orders import views as order_views
from store.payments import webhook

app_name = "store"

urlpatterns = [
    path("basket/", basket_views.basket, name="basket"),
    path("basket/add/", basket_views.add, name="add_to_basket"),
    path("basket/update/", basket_views.update, name="update_basket"),
    path("basket/seen/", basket_views.acknowledge, name="basket_seen"),
    path("checkout/", checkout_views.review, name="checkout"),
    path("checkout/return/<slug:token>/", checkout_views.return_from_payment, name="return_from_payment"),
    path("checkout/cancel/<slug:token>/", checkout_views.cancel_payment, name="cancel_payment"),
    path("offers/<slug:token>/", offer_views.offer, name="offer"),
    path("orders/find/", find_views.find, name="find_orders"),
    path("orders/find/<slug:token>/", find_views.use_link, name="find_link"),
    path("orders/found/", find_views.found, name="found_orders"),
    path("orders/<slug:token>/", order_views.order, name="order"),
    path("orders/<slug:token>/cancel/", change_views.cancel, name="cancel_order"),
    path("orders/<slug:token>/address/", change_views.address, name="correct_address"),
    path("orders/<slug:token>/proof.json", order_views.proof, name="order_proof"),
    path("orders/<slug:token>/papers/<path:number>.pdf", document_views.pdf, name="paper_pdf"),
    path("orders/<slug:token>/papers/<path:number>/", document_views.paper, name="paper"),
    path("stripe/webhook/", webhook.stripe_webhook, name="stripe_webhook"),
]
