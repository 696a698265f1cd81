"""The demo as an app, for its command `seed_demo`."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "demo"
