"""URLs of forms that are not pages. None is ever cached."""

from django.urls import path

from forms.inbox import answering

app_name = "forms"

urlpatterns = [path("messages/answer/<str:token>/", answering.answer, name="answer")]
