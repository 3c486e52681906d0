"""The Django app of the web pages: templates, static files and template tags; it has no models."""

from django.apps import AppConfig
from django.core.validators import ProhibitNullCharactersValidator


class WebConfig(AppConfig):
    name = "guantong.web"
    label = "web"
    verbose_name = "网页"

    def ready(self) -> None:
        # Django's own Chinese for it says that the text is empty.
        ProhibitNullCharactersValidator.message = "含有看不见的字符，请重新输入。"
