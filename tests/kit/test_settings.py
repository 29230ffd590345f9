"""Settings come from the environment, are described, and hide what is secret."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from ringmain.kit.settings import Settings


def test_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Names in the environment begin with RINGMAIN_; empty ones count as unset."""
    monkeypatch.setenv("RINGMAIN_HOME", str(tmp_path))
    monkeypatch.setenv("RINGMAIN_PORT", "8123")
    monkeypatch.setenv("RINGMAIN_DATABASE_URL", "")
    settings = Settings()
    assert (settings.home_folder, settings.port, settings.is_embedded) == (tmp_path, 8123, True)
    assert (settings.master_key_path, settings.lake_folder) == (tmp_path / "master.key", tmp_path / "lake")


def test_home_defaults_to_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without RINGMAIN_HOME the home is in the user's data folder."""
    monkeypatch.delenv("RINGMAIN_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings().home_folder == tmp_path / ".local" / "share" / "ringmain"


def test_urls_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL with a password appears neither in the settings' text nor in their JSON."""
    monkeypatch.setenv("RINGMAIN_DATABASE_URL", "postgresql://u:hidden-word@h/d")
    settings = Settings()
    assert not settings.is_embedded
    assert "hidden-word" not in repr(settings)
    assert "hidden-word" not in settings.model_dump_json()


@pytest.mark.parametrize(("name", "value"), [("PORT", "70000"), ("POOL_SIZE", "1"), ("LOG_LEVEL", "loud")])
def test_impossible_values_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A value out of range is refused by the name of its field."""
    monkeypatch.setenv(f"RINGMAIN_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"SMS_ACCOUNT": "AC1", "SMS_SECRET": "hidden-word"}, "SMS_ACCOUNT needs"),
        ({"SMTP_HOST": "mail.example.org", "SMTP_PASSWORD": "hidden-word", "SMTP_USER": "me"}, "SMTP_HOST needs"),
        ({"SMTP_PASSWORD": "hidden-word"}, "belong together"),
        (
            {
                "SMTP_HOST": "mail.example.org",
                "SMTP_SENDER": "ring@example.org",
                "SMTP_SECURITY": "none",
                "SMTP_USER": "me",
                "SMTP_PASSWORD": "hidden-word",
            },
            "on this machine only",
        ),
    ],
)
def test_half_a_channel_is_refused_without_showing_its_secret(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], reason: str
) -> None:
    """An account without its secret or sender, and a password in the clear, are refused at the start."""
    for name, value in given.items():
        monkeypatch.setenv(f"RINGMAIN_{name}", value)
    with pytest.raises(ValidationError, match=reason) as caught:
        Settings()
    assert "hidden-word" not in str(caught.value)


def test_every_setting_is_described() -> None:
    """The reference is generated from the descriptions: none may lack one."""
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_an_organisation_is_named_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """An issuer without client id and secret is refused by name; nobody waits for a button that never shows."""
    monkeypatch.setenv("RINGMAIN_OIDC_ISSUER", "https://login.mall.example")
    with pytest.raises(ValidationError, match="RINGMAIN_OIDC_CLIENT_ID"):
        Settings()
    monkeypatch.setenv("RINGMAIN_OIDC_CLIENT_ID", "ringmain")
    monkeypatch.setenv("RINGMAIN_OIDC_CLIENT_SECRET", "hidden-word")
    assert "hidden-word" not in repr(Settings())
