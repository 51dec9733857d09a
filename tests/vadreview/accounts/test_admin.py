"""The admin site is for superusers, and mostly for looking."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client

from tests.vadreview import factories
from vadreview.accounts.admin import ReadOnly
from vadreview.accounts.models import User

pytestmark = pytest.mark.django_db


def client_of(user: User | None) -> Client:
    client = Client()
    if user:
        client.force_login(user)
    return client


def test_an_anonymous_visitor_is_sent_to_the_apps_own_sign_in_page():
    answer = client_of(None).get("/admin/", follow=True)

    assert answer.redirect_chain[-1][0] == "/signin?next=%2Fadmin%2F"


def test_posting_a_password_to_the_admin_signs_nobody_in(superuser):
    client = client_of(None)

    client.post("/admin/login/", {"username": superuser.username, "password": factories.PASSWORD})

    assert "sessionid" not in client.cookies


def test_staff_that_is_no_superuser_stays_outside():
    staff = factories.UserFactory(is_staff=True)

    assert client_of(staff).get("/admin/", follow=True).status_code == 403


def test_a_superuser_opens_the_list_of_every_model(superuser):
    client = client_of(superuser)

    assert client.get("/admin/").status_code == 200
    for model in admin.site._registry:
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert client.get(path).status_code == 200, path


def test_a_superuser_looks_at_a_row_of_every_model(superuser, segments, video):
    client = client_of(superuser)
    factories.VerdictFactory(segment=segments[0])
    factories.DatasetFactory()
    factories.UploadFactory()

    for model in admin.site._registry:
        for row in model.objects.all()[:1]:
            path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{row.pk}/change/"
            assert client.get(path).status_code == 200, path


def test_only_accounts_can_be_changed_in_the_admin():
    others = {model for model, shown in admin.site._registry.items() if not isinstance(shown, ReadOnly)}

    assert others == {User}


def test_accounts_are_not_deleted_in_the_admin(superuser):
    user = factories.UserFactory()

    answer = client_of(superuser).post(f"/admin/accounts/user/{user.pk}/delete/", {"post": "yes"})

    assert answer.status_code == 403
    assert User.objects.filter(pk=user.pk).exists()
