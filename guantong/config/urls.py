"""The URL table: the account pages we use of allauth, then the pages of the application.

Every page asks for a signed-in user (LoginRequiredMiddleware); the exceptions are in
`tests/test_architecture.py`.
"""

from allauth.account import views as accounts
from django.urls import include, path

urlpatterns = [
    path("account/login/", accounts.login, name="account_login"),
    path("account/logout/", accounts.logout, name="account_logout"),
    path("account/inactive/", accounts.account_inactive, name="account_inactive"),
    path("account/again/", accounts.reauthenticate, name="account_reauthenticate"),
    path("account/password/", accounts.password_change, name="account_change_password"),
    path("", include("guantong.web.urls")),
]
