"""The URLs below `/demo/`."""

from django.urls import path

from demo import views

app_name = "demo"
urlpatterns = [
    path("", views.index, name="tasks"),
    path("enter/<slug:name>/", views.enter, name="enter"),
    path("mail/", views.mails, name="mails"),
    path("mail/<int:number>/", views.mail, name="mail"),
    path("mail/<int:number>/html/", views.mail_html, name="mail_html"),
]
