"""One's own profile, password and API tokens."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from tests.vadreview import factories
from vadreview.accounts import services
from vadreview.accounts.models import ApiToken, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return factories.UserFactory(username="ada")


@pytest.fixture
def client(api, user) -> APIClient:
    return api(user)


def with_token(secret: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    return client


def test_a_person_changes_their_name_and_preferences(client, user):
    preferences = {"theme": "dark", "keys": {"accept": "a"}}

    answer = client.patch("/api/me/", {"display_name": "Ada L.", "preferences": preferences})

    assert answer.status_code == 200
    assert client.get("/api/me/").json()["preferences"] == preferences
    user.refresh_from_db()
    assert user.display_name == "Ada L."


def test_nobody_makes_themselves_superuser_or_takes_another_name(client, user):
    client.patch("/api/me/", {"is_superuser": True, "username": "root", "id": "x"})

    user.refresh_from_db()
    assert not user.is_superuser
    assert user.username == "ada"


@pytest.mark.parametrize(
    "preferences", [[], "dark", None, {"note": "x" * 70_000}, {"name": "\x00"}, {"a": [{"\ud800": 1}]}]
)
def test_preferences_that_cannot_be_kept_are_refused(client, user, preferences):
    body = json.dumps({"preferences": preferences})  # escapes what is not ASCII

    answer = client.generic("PATCH", "/api/me/", body, content_type="application/json")

    assert answer.status_code == 400
    user.refresh_from_db()
    assert user.preferences == {}


def test_a_new_password_needs_the_old_one(client, user):
    wrong = client.post("/api/me/password/", {"old_password": "no", "new_password": "a better one 9"})
    right = client.post(
        "/api/me/password/", {"old_password": factories.PASSWORD, "new_password": "a better one 9"}
    )

    assert wrong.status_code == 400
    assert "old_password" in wrong.json()["fields"]
    assert right.status_code == 204
    user.refresh_from_db()
    assert user.check_password("a better one 9")


def test_a_weak_password_is_refused_with_the_reason(client):
    answer = client.post("/api/me/password/", {"old_password": factories.PASSWORD, "new_password": "short"})

    assert answer.status_code == 400
    assert "10 characters" in answer.json()["fields"]["new_password"]


def test_an_account_without_a_password_sets_its_first(api):
    user = services.first_account()
    assert not user.has_usable_password()

    answer = api(user).post("/api/me/password/", {"new_password": "a better one 9"})

    assert answer.status_code == 204


def test_a_new_password_ends_the_other_sessions_but_not_this_one(api, user):
    here, elsewhere = api(user), api(user)

    here.post("/api/me/password/", {"old_password": factories.PASSWORD, "new_password": "a better one 9"})

    assert here.get("/api/me/").status_code == 200
    assert elsewhere.get("/api/me/").status_code in (401, 403)


def test_a_token_is_shown_once_and_opens_the_api(client, user):
    made = client.post("/api/tokens/", {"name": "nightly script"})

    assert made.status_code == 201
    secret = made.json()["secret"]
    assert with_token(secret).get("/api/me/").json()["username"] == "ada"
    listed = client.get("/api/tokens/").json()["results"]
    assert [token["name"] for token in listed] == ["nightly script"]
    assert "secret" not in listed[0]
    assert secret not in str(ApiToken.objects.values())


def test_a_deleted_token_opens_nothing(client, user):
    made = client.post("/api/tokens/", {"name": "x"}).json()

    assert client.delete(f"/api/tokens/{made['id']}/").status_code == 204

    answer = with_token(made["secret"]).get("/api/me/")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Token"


def test_a_token_of_a_closed_account_opens_nothing(user):
    _, secret = services.create_token(user, name="x")
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert with_token(secret).get("/api/me/").status_code == 401


@pytest.mark.parametrize("header", ["Token", "Token a b", "Token \xff", "Token " + "x" * 5000])
def test_a_broken_token_header_is_unauthorized(header):
    assert APIClient().get("/api/me/", HTTP_AUTHORIZATION=header).status_code == 401


def test_a_stranger_neither_sees_nor_deletes_a_token(api, user, stranger):
    token, _ = services.create_token(user, name="x")

    assert api(stranger).get("/api/tokens/").json()["count"] == 0
    assert api(stranger).delete(f"/api/tokens/{token.pk}/").status_code == 404
    assert ApiToken.objects.filter(pk=token.pk).exists()


def test_one_account_cannot_collect_tokens_without_end(client, monkeypatch):
    monkeypatch.setattr(services, "TOKENS_PER_USER", 2)
    answers = [client.post("/api/tokens/", {"name": "x"}).status_code for _ in range(3)]

    assert answers == [201, 201, 409]


def test_the_command_prints_a_token_that_works(user, capsys):
    call_command("token", "ada")

    secret = capsys.readouterr().out.strip()
    assert with_token(secret).get("/api/me/").json()["username"] == "ada"


def test_the_command_names_the_accounts_there_are(user):
    with pytest.raises(CommandError, match="ada"):
        call_command("token", "nobody")


def test_the_first_account_is_made_once_and_gets_a_new_link_each_time(capsys):
    links = []
    for _ in range(2):
        call_command("first_account")
        links.append(capsys.readouterr().out.strip())

    user = User.objects.get()
    assert user.is_superuser
    assert not user.has_usable_password()
    assert links[0] != links[1]
    assert all(services.use_sign_in_link(link.removeprefix("/signin/")) == user for link in links)


def test_the_first_account_does_not_take_over_a_name_that_is_in_use():
    ordinary = factories.UserFactory(username="admin")

    first = services.first_account()

    assert first.username == "admin2"
    ordinary.refresh_from_db()
    assert not ordinary.is_superuser
