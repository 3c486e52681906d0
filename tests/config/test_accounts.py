import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import NoReverseMatch, reverse

pytestmark = pytest.mark.django_db
PASSWORD = "long-enough-2023"


@pytest.fixture
def login() -> str:
    get_user_model().objects.create_user("zhangsan", password=PASSWORD)
    return reverse("account_login")


def test_the_right_password_leads_to_the_page_asked_for(client: Client, login: str) -> None:
    target = reverse("account_change_password")
    response = client.post(f"{login}?next={target}", {"login": "zhangsan", "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, target)


def test_an_address_elsewhere_is_not_followed(client: Client, login: str) -> None:
    response = client.post(
        f"{login}?next=https://evil.example/", {"login": "zhangsan", "password": PASSWORD}
    )
    assert response["Location"] == "/"


def test_guessing_is_stopped_even_when_it_hits_at_last(client: Client, login: str) -> None:
    for _ in range(5):
        client.post(login, {"login": "zhangsan", "password": "wrong"})
    response = client.post(login, {"login": "zhangsan", "password": PASSWORD})
    assert response.status_code == 200
    assert "登录失败次数过多" in response.text


def test_the_session_ends_with_the_browser(client: Client, login: str) -> None:
    client.post(login, {"login": "zhangsan", "password": PASSWORD})
    assert client.cookies["sessionid"]["expires"] == ""
    assert client.cookies["sessionid"]["httponly"]


def test_nobody_signs_up() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")


def test_every_page_is_kept_out_of_caches_frames_and_foreign_scripts(client: Client) -> None:
    headers = client.get(reverse("account_login")).headers
    assert "no-store" in headers["Cache-Control"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
