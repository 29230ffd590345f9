"""What an operator can set in the environment: each field says what it means, and the reference is made from that."""

import re
from pathlib import Path
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DATABASE_NAME = "ringmain"
# Of the messages that people get: their names, and what can be told in them.
WECHAT_MESSAGES = ("receipt", "voucher_won", "voucher_ends", "voucher_given")
WECHAT_VALUES = ("value", "shop", "ends", "amount", "network")
WECHAT_FIELD = re.compile(r"(thing|phrase|const|name|character_string|number|letter|symbol|amount|date|time)[0-9]{0,3}")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class WechatTemplate(BaseModel):
    """One message template of a WeChat official account: its id, and what each of its fields is filled with."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: str = Field(min_length=1, max_length=100)
    fields: dict[str, str] = Field(min_length=1, max_length=10)

    @field_validator("fields")
    @classmethod
    def _known(cls, fields: dict[str, str]) -> dict[str, str]:
        for name, value in fields.items():
            if not WECHAT_FIELD.fullmatch(name) or value not in WECHAT_VALUES:
                raise ValueError(f"a field is a type of WeChat with its number (thing1), filled with {WECHAT_VALUES}")
        return fields


class Settings(BaseSettings):
    """The settings of one installation; every name in the environment begins with RINGMAIN_."""

    model_config = SettingsConfigDict(
        env_prefix="RINGMAIN_", frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    home: Path = Field(
        default=Path("~/.local/share/ringmain"),
        description="Folder of this installation: embedded database, lake, log, keys. Private to the user who runs it.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL 15 or newer to use instead of the embedded server, as the application's login: "
        "neither superuser nor owner of the tables, without BYPASSRLS.",
    )
    migration_url: SecretStr | None = Field(
        default=None,
        description="The same database as a login that may create roles and tables; belongs to RINGMAIN_DATABASE_URL.",
    )
    postgres_bin: Path | None = Field(
        default=None,
        description="Folder with the programs of PostgreSQL for the embedded server, instead of those of the package.",
    )
    postgres_bin_old: Path | None = Field(
        default=None,
        description="Folder with the programs of the older PostgreSQL, for bringing its data to the newer one.",
    )
    host: str = Field(default="127.0.0.1", description="Address the server listens on.")
    port: int = Field(
        default=8000,
        ge=0,
        le=65535,
        description="Port the server listens on; where it is taken, the next free one is used.",
    )
    public_url: str | None = Field(
        default=None, description="Address under which people reach this installation; it is printed into QR codes."
    )
    master_key_file: Path | None = Field(
        default=None,
        description="File with the master key that protects personal data; default: master.key in the home. "
        "Keep a copy away from the database's backups: without it personal data cannot be read.",
    )
    lake: Path | None = Field(default=None, description="Folder of the Parquet lake; default: lake in the home.")
    pool_size: int = Field(
        default=16, ge=2, le=1000, description="Greatest number of database connections per process."
    )
    development: bool = Field(
        default=False,
        description="Development mode: messages and one-time codes are not sent but kept where operators can read "
        "them. "
        "Never switch it on where real people join.",
    )
    sms_account: str | None = Field(
        default=None,
        description="Account (AC...) at Twilio, or at a provider that answers like its Messages API; with "
        "RINGMAIN_SMS_SECRET and RINGMAIN_SMS_SENDER it makes text messages leave the house.",
    )
    sms_key: str | None = Field(
        default=None, description="API key (SK...) whose secret is given; without it the secret is the account's token."
    )
    sms_secret: SecretStr | None = Field(default=None, description="Token of the account, or secret of the API key.")
    sms_sender: str | None = Field(
        default=None,
        description="Number in E.164 or name that text messages come from, or a messaging service (MG).",
    )
    sms_url: str = Field(default="https://api.twilio.com", description="Address of the provider of text messages.")
    sms_timeout_seconds: float = Field(default=10.0, gt=0, le=60, description="How long the provider may take.")
    sms_callback_token: SecretStr | None = Field(
        default=None,
        description="Token of the account with which the provider signs its calls to /callbacks/sms; needed where "
        "RINGMAIN_SMS_SECRET is that of an API key.",
    )
    wechat_app_id: str | None = Field(
        default=None,
        description="App id (wx...) of a WeChat official account; with RINGMAIN_WECHAT_SECRET and "
        "RINGMAIN_WECHAT_TEMPLATES it makes template messages leave the house.",
    )
    wechat_secret: SecretStr | None = Field(default=None, description="App secret that belongs to it.")
    wechat_templates: dict[str, WechatTemplate] = Field(
        default_factory=dict,
        description='Templates of that account as JSON: {"voucher_won": {"id": "...", "fields": {"thing1": "shop", '
        '"amount2": "value", "time3": "ends"}}}, for receipt, voucher_won, voucher_ends and voucher_given; fields are '
        "filled with value, shop, ends, amount (of receipts) or network. Messages without one go another way.",
    )
    wechat_token: SecretStr | None = Field(
        default=None,
        description="Token that was set at WeChat beside the address /callbacks/wechat (in plain mode): by it WeChat "
        "signs what it tells of messages.",
    )
    wechat_url: str = Field(default="https://api.weixin.qq.com", description="Address of WeChat's API.")
    wechat_timeout_seconds: float = Field(default=10.0, gt=0, le=60, description="How long WeChat may take.")
    message_callback_secret: SecretStr | None = Field(
        default=None,
        description="Secret (whsec_ and base64, as of Standard Webhooks) with which other providers sign what they "
        "tell at POST /v1/messages/deliveries; without it nobody may.",
    )
    smtp_host: str | None = Field(
        default=None, description="Server that takes e-mail; with RINGMAIN_SMTP_SENDER it makes mail leave the house."
    )
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Port of that server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="starttls: encrypt before anything is said; tls: from the first byte (port 465); none: only for a "
        "server on this machine.",
    )
    smtp_user: str | None = Field(default=None, description="Name to log in with at the mail server.")
    smtp_password: SecretStr | None = Field(default=None, description="Password to log in with at the mail server.")
    smtp_sender: str | None = Field(default=None, description="Address that e-mail comes from.")
    smtp_timeout_seconds: float = Field(default=10.0, gt=0, le=60, description="How long the mail server may take.")
    coalesce: bool = Field(
        default=True,
        description="Gather redemptions that arrive together into one transaction; off only for comparison.",
    )
    oidc_issuer: str | None = Field(
        default=None,
        description="Issuer of the organisation's OpenID Connect sign-in for operators, such as "
        "https://login.mall.example; without it, operators sign in by password or passkey.",
    )
    oidc_client_id: str | None = Field(default=None, description="Client id of this installation at that issuer.")
    oidc_client_secret: SecretStr | None = Field(default=None, description="Client secret that belongs to it.")
    oidc_allowed: str = Field(
        default="",
        description="E-mails and domains (@mall.example), with commas between them, whose owners become operators at "
        "their first sign-in with the organisation; others need an account before.",
    )
    oidc_network: UUID | None = Field(
        default=None, description="Network of those operators; may be left out where there is only one."
    )
    requests_per_second: int = Field(
        default=2000, ge=1, description="Requests that one API key may send in a second; more are answered with 429."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severity that is logged."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto",
        description="Form of the log: JSON lines, or readable text; auto: text on a terminal, else JSON.",
    )

    @field_validator("home", "postgres_bin", "postgres_bin_old", "master_key_file", "lake")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path.expanduser().absolute() if path else None

    @model_validator(mode="after")
    def _channels_are_whole(self) -> Self:
        """Refuse half an account: messages that never leave the house are noticed too late otherwise."""
        if self.sms_account is not None and (self.sms_secret is None or self.sms_sender is None):
            raise ValueError("RINGMAIN_SMS_ACCOUNT needs RINGMAIN_SMS_SECRET and RINGMAIN_SMS_SENDER")
        if self.wechat_app_id is not None and (self.wechat_secret is None or not self.wechat_templates):
            raise ValueError("RINGMAIN_WECHAT_APP_ID needs RINGMAIN_WECHAT_SECRET and RINGMAIN_WECHAT_TEMPLATES")
        if not self.wechat_templates.keys() <= set(WECHAT_MESSAGES):
            raise ValueError(f"RINGMAIN_WECHAT_TEMPLATES may name {', '.join(WECHAT_MESSAGES)} only")
        if self.smtp_host is not None and self.smtp_sender is None:
            raise ValueError("RINGMAIN_SMTP_HOST needs RINGMAIN_SMTP_SENDER")
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError("RINGMAIN_SMTP_USER and RINGMAIN_SMTP_PASSWORD belong together")
        if self.smtp_host not in (None, *_LOOPBACK) and self.smtp_security == "none":
            raise ValueError("RINGMAIN_SMTP_SECURITY=none is for a mail server on this machine only")
        return self

    @property
    def public_base(self) -> str:
        """Return the address under which people reach this installation, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @model_validator(mode="after")
    def _organisation_is_whole(self) -> Self:
        """Refuse half an organisation: its button would never show, and nobody would know why."""
        named = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)
        if any(named) and not all(named):
            raise ValueError("RINGMAIN_OIDC_ISSUER needs RINGMAIN_OIDC_CLIENT_ID and RINGMAIN_OIDC_CLIENT_SECRET")
        return self

    @property
    def home_folder(self) -> Path:
        """Return the home as an absolute path."""
        return self.home.expanduser().absolute()

    @property
    def master_key_path(self) -> Path:
        """Return where the master key lies."""
        return self.master_key_file or self.home_folder / "master.key"

    @property
    def lake_folder(self) -> Path:
        """Return where the lake lies."""
        return self.lake or self.home_folder / "lake"

    @property
    def is_embedded(self) -> bool:
        """Return whether the database is our own."""
        return self.database_url is None
