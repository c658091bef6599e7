"""The user's secrets: read from the mounted folder, given to the task by kind, starred out of everything shown.

Source: the platform mounts one JSON file a key; `credentialType` names its kind and decides which class the task
gets in `self.secrets[KEY]`.
"""

from __future__ import annotations

import base64
import json
import os
import re
from typing import Any, Dict, Iterable, Iterator, List, Optional, Set
from urllib.parse import quote

from .problems import TaskProblem

STARS = "*****"
# Shorter values would star out half of every log and are no secrets.
SHORTEST_SECRET = 3
# Fields whose values are the same for everybody.
PLAIN_FIELDS = {
    "credentialType", "credential_type", "configId", "config_id", "googleConfigId", "type", "authUri", "auth_uri",
    "tokenUri", "token_uri", "authProviderX509CertUrl", "auth_provider_x509_cert_url", "universeDomain",
    "universe_domain", "oauthScopes", "oauthIssuerType",
}  # fmt: skip


def read_documents(folder: Optional[str]) -> Dict[str, Dict[str, Any]]:
    """Return what each secret file holds, by key (the file's name). Raises TaskProblem for one that is no JSON."""
    documents = {}
    if folder is None:
        return documents
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if name.startswith(".") or not os.path.isfile(path):
            continue
        try:
            with open(path, encoding="utf-8-sig") as stream:
                document = json.load(stream)
        except ValueError:
            document = None
        if not isinstance(document, dict) or not isinstance(document.get("credentialType"), str):
            raise TaskProblem(
                'The secret "%s" is not a JSON object with a credentialType.' % name,
                where="secrets",
                remedy='Write it as {"credentialType": "basic", "username": "…", "password": "…"}.',
            )
        documents[name] = document
    return documents


def typed_secrets(documents: Dict[str, Dict[str, Any]], user_secrets: Any) -> Dict[str, Any]:
    """Return the secrets as the task sees them.

    user_secrets: the module `datarobot_drum.custom_task_interfaces.user_secrets` that the task would import, so that
    its `isinstance` holds.
    """
    return {key: _typed_secret(key, document, user_secrets) for key, document in documents.items()}


def _typed_secret(key: str, document: Dict[str, Any], user_secrets: Any) -> Any:
    kind = document["credentialType"]
    wanted = kind.replace("_", "").lower() + "secret"
    kinds = {name.lower(): getattr(user_secrets, name) for name in dir(user_secrets) if name.endswith("Secret")}
    if wanted not in kinds:
        raise TaskProblem(
            'The secret "%s" has the credential type "%s", which is not known.' % (key, kind),
            where="secrets",
            remedy="Use one of the platform's types, such as basic, api_token, s3, gcp, azure, oauth or bearer.",
        )
    fields = {_snake_case(name): value for name, value in document.items() if name != "credentialType"}
    known = getattr(kinds[wanted], "__dataclass_fields__", fields)
    try:
        return kinds[wanted](**{name: value for name, value in fields.items() if name in known})
    except TypeError as error:
        raise TaskProblem(
            'The secret "%s" does not have the fields of the type "%s": %s.'
            % (key, kind, str(error).replace("__init__() ", "")),
            where="secrets",
            remedy="Add the missing fields to its file.",
        ) from None


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


class Mask:
    """Replaces secret values by stars, also where they are escaped, quoted or encoded."""

    def __init__(self, documents: Iterable[Dict[str, Any]] = ()) -> None:
        spellings: Set[str] = set()
        for document in documents:
            for value in _secret_values(document):
                spellings.update(_spellings(value))
        longest_first = sorted(spellings, key=lambda spelling: (-len(spelling), spelling))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        self._bytes_pattern = re.compile(self._pattern.pattern.encode("utf-8")) if self._pattern else None
        self.longest = len(longest_first[0].encode("utf-8")) if longest_first else 0

    def clean(self, text: str) -> str:
        return self._pattern.sub(STARS, text) if self._pattern else text

    def clean_bytes(self, chunk: bytes) -> bytes:
        return self._bytes_pattern.sub(STARS.encode(), chunk) if self._bytes_pattern else chunk

    def clean_all(self, value: Any) -> Any:
        """Return a JSON value with every text in it cleaned."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self.clean(value)
        if isinstance(value, list):
            return [self.clean_all(item) for item in value]
        if isinstance(value, dict):
            return {key: self.clean_all(item) for key, item in value.items()}
        return value


def _secret_values(value: Any, field: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _secret_values(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _secret_values(item, field)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool) and field not in PLAIN_FIELDS:
        yield str(value)


def _spellings(value: str) -> List[str]:
    """Return the ways in which a value may turn up; each line of a key of several lines counts for itself."""
    lines = value.splitlines() if "\n" in value else []
    found = []
    for part in [value, *lines]:
        encoded = base64.b64encode(part.encode("utf-8")).decode("ascii")
        found += [part, json.dumps(part)[1:-1], repr(part)[1:-1], quote(part, safe=""), encoded]
    return [spelling for spelling in found if len(spelling) >= SHORTEST_SECRET and not spelling.startswith("-----")]
