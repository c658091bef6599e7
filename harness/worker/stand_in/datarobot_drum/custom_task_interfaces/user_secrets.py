"""The kinds of credentials that a task can ask for. Shown as text, a secret is stars."""

from dataclasses import dataclass, fields
from typing import Any, Optional


class AbstractSecret:
    """What all kinds have in common: no value of theirs is ever printed."""

    def __repr__(self):
        return "%s(%s)" % (type(self).__name__, ", ".join("%s='*****'" % field.name for field in fields(self)))

    __str__ = __repr__


@dataclass(frozen=True, repr=False)
class BasicSecret(AbstractSecret):
    """User name and password."""

    username: str
    password: str
    snowflake_account_name: Optional[str] = None


@dataclass(frozen=True, repr=False)
class ApiTokenSecret(AbstractSecret):
    """A token of some web service."""

    api_token: str


@dataclass(frozen=True, repr=False)
class BearerSecret(AbstractSecret):
    """A token that is sent along as it is."""

    token: str


@dataclass(frozen=True, repr=False)
class OauthSecret(AbstractSecret):
    """A token and the one that renews it."""

    token: str
    refresh_token: Optional[str] = None


@dataclass(frozen=True, repr=False)
class S3Secret(AbstractSecret):
    """Keys of Amazon's object store, or the name of a shared configuration."""

    aws_access_key_id: Optional[str] = None
    aws_secret_access_key: Optional[str] = None
    aws_session_token: Optional[str] = None
    config_id: Optional[str] = None


@dataclass(frozen=True, repr=False)
class GCPSecret(AbstractSecret):
    """The key of a Google service account (a dict as Google hands it out), or a shared configuration."""

    gcp_key: Optional[Any] = None
    google_config_id: Optional[str] = None
    config_id: Optional[str] = None


@dataclass(frozen=True, repr=False)
class AzureSecret(AbstractSecret):
    """A connection string of Azure storage."""

    azure_connection_string: str


@dataclass(frozen=True, repr=False)
class AzureServicePrincipalSecret(AbstractSecret):
    """An application's identity in Azure."""

    client_id: Optional[str] = None
    client_secret: Optional[str] = None
    azure_tenant_id: Optional[str] = None
    config_id: Optional[str] = None


@dataclass(frozen=True, repr=False)
class AzureOauthSecret(AbstractSecret):
    """An application that signs in to Azure for its users."""

    client_id: str
    client_secret: str
    oauth_scopes: Optional[Any] = None


@dataclass(frozen=True, repr=False)
class AdlsGen2OauthSecret(AbstractSecret):
    """An application that reads Azure's data lake."""

    client_id: Optional[str] = None
    client_secret: Optional[str] = None
    oauth_scopes: Optional[Any] = None
    config_id: Optional[str] = None


@dataclass(frozen=True, repr=False)
class SnowflakeOauthUserAccountSecret(AbstractSecret):
    """A Snowflake account that signs in through an issuer of tokens."""

    token: Optional[str] = None
    refresh_token: Optional[str] = None
    client_id: Optional[str] = None
    client_secret: Optional[str] = None
    oauth_issuer_type: Optional[str] = None
    oauth_issuer_url: Optional[str] = None
    oauth_scopes: Optional[Any] = None
    oauth_config_id: Optional[str] = None
    snowflake_account_name: Optional[str] = None


@dataclass(frozen=True, repr=False)
class SnowflakeKeyPairUserAccountSecret(AbstractSecret):
    """A Snowflake account with a pair of keys."""

    username: Optional[str] = None
    private_key_str: Optional[str] = None
    passphrase: Optional[str] = None
    config_id: Optional[str] = None


@dataclass(frozen=True, repr=False)
class TableauAccessTokenSecret(AbstractSecret):
    """A personal token of Tableau."""

    token_name: str
    personal_access_token: str


@dataclass(frozen=True, repr=False)
class DatabricksAccessTokenAccountSecret(AbstractSecret):
    """A personal token of Databricks."""

    databricks_access_token: str


@dataclass(frozen=True, repr=False)
class DatabricksServicePrincipalAccountSecret(AbstractSecret):
    """An application's identity in Databricks."""

    client_id: Optional[str] = None
    client_secret: Optional[str] = None
    config_id: Optional[str] = None


@dataclass(frozen=True, repr=False)
class SapOauthSecret(AbstractSecret):
    """An application's identity in SAP's AI services."""

    client_id: str
    client_secret: str
    sap_ai_api_url: Optional[str] = None
    auth_url: Optional[str] = None
