"""Signing in and out through the API, with CSRF enforced as in a browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from rest_framework.test import APIClient

from tests.vadreview import factories
from vadreview.accounts import services
from vadreview.accounts.models import SignInLink

pytestmark = pytest.mark.django_db


class Browser(APIClient):
    """Enforces CSRF and sends the token from its cookie, as the front end does."""

    def __init__(self) -> None:
        super().__init__(enforce_csrf_checks=True)
        self.get("/api/session/")

    def send(self, method: str, path: str, data: dict | None = None, **headers):
        headers.setdefault("HTTP_X_CSRFTOKEN", self.cookies["csrftoken"].value)
        return getattr(self, method)(path, data, **headers)

    def sign_in(self, username: str, password: str = factories.PASSWORD, **headers):
        return self.send("post", "/api/session/", {"username": username, "password": password}, **headers)


@pytest.fixture
def user():
    return factories.UserFactory(username="ada", display_name="Ada")


@pytest.fixture
def browser() -> Browser:
    return Browser()


def test_the_session_of_a_visitor_names_nobody_and_no_sign_up(browser):
    answer = browser.get("/api/session/")

    assert answer.status_code == 200
    assert answer.json() == {"user": None, "sign_up": False, "version": "0.1.0", "demo_project": None}


def test_name_and_password_sign_in(browser, user):
    answer = browser.sign_in("ada")

    assert answer.status_code == 200
    assert answer.json()["user"] == {
        "id": str(user.public_id),
        "username": "ada",
        "display_name": "Ada",
        "email": "ada@example.org",
        "is_superuser": False,
        "preferences": {},
        "has_password": True,
    }
    assert browser.get("/api/session/").json()["user"]["username"] == "ada"


def test_signing_in_leaves_a_session_key_that_somebody_planted(browser, user):
    planted = SessionStore()
    planted["x"] = 1
    planted.create()
    browser.cookies["sessionid"] = planted.session_key

    browser.sign_in("ada")

    assert browser.cookies["sessionid"].value != planted.session_key
    assert not planted.exists(planted.session_key)


def test_signing_in_without_the_csrf_token_is_refused(user):
    browser = APIClient(enforce_csrf_checks=True)

    answer = browser.post("/api/session/", {"username": "ada", "password": factories.PASSWORD})

    assert answer.status_code == 403
    assert answer.json().keys() == {"code", "message", "fields"}
    assert "sessionid" not in browser.cookies


@pytest.mark.parametrize("username", ["ada", "nobody", "closed"])
def test_a_wrong_password_an_unknown_name_and_a_closed_account_get_one_answer(browser, user, username):
    factories.UserFactory(username="closed", is_active=False)
    password = factories.PASSWORD if username == "closed" else "wrong"

    answer = browser.sign_in(username, password)

    assert answer.status_code == 400
    assert answer.json()["code"] == "wrong_credentials"
    assert answer.json()["message"].startswith("The name or the password is wrong.")
    assert answer.json()["fields"] == {}


def test_the_sixth_wrong_password_in_a_minute_has_to_wait(browser, user):
    answers = [browser.sign_in("ada", "wrong").status_code for _ in range(5)]
    late = browser.sign_in("ada")

    assert answers == [400] * 5
    assert late.status_code == 429
    assert late.json()["code"] == "throttled"
    assert browser.sign_in("someone else", "wrong").status_code == 400


def test_the_count_of_attempts_ignores_case_and_starts_anew_after_a_right_password(browser, user):
    for name in ["ada", "ADA", "Ada "]:
        browser.sign_in(name, "wrong")
    assert browser.sign_in("ada").status_code == 200

    answers = [browser.sign_in("ada", "wrong").status_code for _ in range(6)]

    assert answers == [400] * 5 + [429]


def test_a_forged_forwarded_address_does_not_start_a_new_count(browser, user):
    for n in range(5):
        browser.sign_in("ada", "wrong", HTTP_X_FORWARDED_FOR=f"10.0.0.{n}", REMOTE_ADDR="192.0.2.1")

    answer = browser.sign_in("ada", HTTP_X_FORWARDED_FOR="10.0.0.9", REMOTE_ADDR="192.0.2.1")

    assert answer.status_code == 429


def test_signing_out_ends_the_session(browser, user):
    browser.sign_in("ada")

    assert browser.send("delete", "/api/session/").status_code == 204

    assert browser.get("/api/session/").json()["user"] is None
    assert browser.get("/api/me/").status_code in (401, 403)


def test_a_link_signs_in_once(browser, user):
    secret = services.create_sign_in_link(user)

    first = browser.send("post", "/api/session/link/", {"secret": secret})
    second = Browser().send("post", "/api/session/link/", {"secret": secret})

    assert first.status_code == 200
    assert first.json()["user"]["username"] == "ada"
    assert second.status_code == 400
    assert second.json()["code"] == "link_used"


def test_an_old_link_signs_nobody_in(browser, user):
    secret = services.create_sign_in_link(user)
    SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert browser.send("post", "/api/session/link/", {"secret": secret}).status_code == 400


def test_a_link_of_a_closed_account_signs_nobody_in(browser, user):
    secret = services.create_sign_in_link(user)
    user.is_active = False
    user.save()

    assert browser.send("post", "/api/session/link/", {"secret": secret}).status_code == 400


def test_the_secret_of_a_link_is_not_in_the_database(user):
    secret = services.create_sign_in_link(user)

    assert secret not in str(SignInLink.objects.values())


def test_the_session_names_the_demo_project_of_its_member(browser, user):
    demo = factories.ProjectFactory(is_demo=True)
    factories.MembershipFactory(project=demo, user=user)

    assert browser.get("/api/session/").json()["demo_project"] is None
    browser.sign_in("ada")

    assert browser.get("/api/session/").json()["demo_project"] == str(demo.pk)


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"text"', b'{"username": ["a"], "password": {}}', b"[" * 100_000]
)
def test_a_body_that_makes_no_sense_is_a_bad_request(browser, body):
    answer = browser.generic(
        "POST",
        "/api/session/",
        body,
        content_type="application/json",
        HTTP_X_CSRFTOKEN=browser.cookies["csrftoken"].value,
    )

    assert answer.status_code == 400
    assert answer.json().keys() == {"code", "message", "fields"}


def test_an_address_with_a_nul_character_is_a_bad_request(browser):
    assert browser.get("/api/session/?x=%00").status_code == 400
