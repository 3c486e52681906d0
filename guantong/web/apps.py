"""The Django app of the web pages: templates, static files and template tags; it has no models."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "guantong.web"
    label = "web"
    verbose_name = "网页"
