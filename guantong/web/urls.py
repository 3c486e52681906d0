"""The pages of the application. (Routes come with the pages.)"""

from django.urls.resolvers import URLPattern

urlpatterns: list[URLPattern] = []
