"""The pages of the application: one list, one line a page."""

from django.urls import path
from django.urls.resolvers import URLPattern

from guantong.web.views import orgs_in_view, search, week

urlpatterns: list[URLPattern] = [
    path("", week.week, name="week"),
    path("search/", search.search, name="search"),
    path("org-switch/", orgs_in_view.switch, name="org-switch"),
]
