"""Model cards: documents about models, each change of the content a version of its own."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from localcloud.api import ApiError, Call, Handler
from localcloud.cloud import Caller, Cloud
from localcloud.sagemaker.arns import arn
from localcloud.sagemaker.listing import page, select
from localcloud.sagemaker.registry.audit import user_context
from localcloud.sagemaker.tags import TagStore

_SUMMARY = ("ModelCardName", "ModelCardArn", "ModelCardStatus", "CreationTime", "LastModifiedTime")


@dataclass(frozen=True)
class Version:
    content: str
    status: str
    created: datetime
    modified: datetime
    modified_by: Mapping[str, Any]


@dataclass(frozen=True)
class Card:
    name: str
    arn: str
    security: Mapping[str, Any] | None
    created_by: Mapping[str, Any]
    versions: tuple[Version, ...]

    @property
    def latest(self) -> Version:
        return self.versions[-1]

    def described(self, number: int) -> dict[str, Any]:
        """Version `number`, from 1, as DescribeModelCard tells it."""
        version = self.versions[number - 1]
        return {
            "ModelCardName": self.name,
            "ModelCardArn": self.arn,
            "ModelCardVersion": number,
            "Content": version.content,
            "ModelCardStatus": version.status,
            "SecurityConfig": self.security,
            "CreationTime": self.versions[0].created,
            "CreatedBy": self.created_by,
            "LastModifiedTime": version.modified,
            "LastModifiedBy": version.modified_by,
        }

    def with_content(self, content: str, caller: Caller) -> "Card":
        """SageMaker Developer Guide, "Edit a model card": every edit but one of the status makes a version."""
        now = datetime.now(UTC)
        version = Version(content, self.latest.status, now, now, user_context(caller))
        return replace(self, versions=(*self.versions, version))

    def with_status(self, status: str, caller: Caller) -> "Card":
        changed = replace(self.latest, status=status, modified=datetime.now(UTC), modified_by=user_context(caller))
        return replace(self, versions=(*self.versions[:-1], changed))


class ModelCards:
    def __init__(self, cloud: Cloud, tags: TagStore) -> None:
        self._cloud = cloud
        self._tags = tags
        self._lock = threading.RLock()
        self._cards: dict[str, Card] = {}

    def operations(self) -> dict[str, Handler]:
        return {
            "CreateModelCard": self._create,
            "DescribeModelCard": self._describe,
            "UpdateModelCard": self._update,
            "DeleteModelCard": self._delete,
            "ListModelCards": self._list,
            "ListModelCardVersions": self._list_versions,
        }

    def close(self) -> None:
        """Nothing runs here; every part of SageMaker has a close()."""

    def _arn(self, name_or_arn: str) -> str:
        return arn(self._cloud, "model-card", name_or_arn.rpartition("/")[2])

    def _get(self, name_or_arn: str) -> Card:
        card = self._cards.get(self._arn(name_or_arn))
        if card is None:
            raise ApiError("ResourceNotFound", f"Model card {self._arn(name_or_arn)} does not exist.")
        return card

    def _authorize(self, call: Call) -> None:
        self._cloud.authorize(call.caller, f"sagemaker:{call.operation}", self._arn(call.input["ModelCardName"]))

    def _create(self, call: Call) -> dict[str, Any]:
        request = call.input
        self._authorize(call)
        card_arn = self._arn(request["ModelCardName"])
        self._tags.authorize(call.caller, card_arn, request.get("Tags", []))
        _content_schema().check_content(request["Content"])
        now, author = datetime.now(UTC), user_context(call.caller)
        version = Version(request["Content"], request["ModelCardStatus"], now, now, author)
        with self._lock:
            if card_arn in self._cards:
                raise ApiError("ConflictException", f"Model card {card_arn} already exists.")
            name, security = request["ModelCardName"], request.get("SecurityConfig")
            self._cards[card_arn] = Card(name, card_arn, security, author, (version,))
        self._tags.register(card_arn, request.get("Tags", []))
        return {"ModelCardArn": card_arn}

    def _describe(self, call: Call) -> dict[str, Any]:
        self._authorize(call)
        card = self._get(call.input["ModelCardName"])
        number = call.input.get("ModelCardVersion", len(card.versions))
        if not 1 <= number <= len(card.versions):
            raise ApiError("ResourceNotFound", f"Model card {card.arn} has no version {number}.")
        described = card.described(number)
        if call.input.get("IncludedData") == "MetadataOnly":
            described["Content"] = _content_schema().metadata_only(described["Content"])
        return described

    def _update(self, call: Call) -> dict[str, Any]:
        request = call.input
        self._authorize(call)
        if "Content" in request and "ModelCardStatus" in request:
            raise ApiError(
                "ValidationException", "You cannot update both model card content and status in a single call."
            )
        if "Content" in request:
            _content_schema().check_content(request["Content"])
        with self._lock:
            card = self._get(request["ModelCardName"])
            if card.latest.status == "Archived":
                raise ApiError("ConflictException", f"Model card {card.arn} is archived and cannot be updated.")
            if "Content" in request:
                card = card.with_content(request["Content"], call.caller)
            elif "ModelCardStatus" in request:
                card = card.with_status(request["ModelCardStatus"], call.caller)
            self._cards[card.arn] = card
        return {"ModelCardArn": card.arn}

    def _delete(self, call: Call) -> dict[str, Any]:
        self._authorize(call)
        with self._lock:
            card = self._get(call.input["ModelCardName"])
            del self._cards[card.arn]
        self._tags.forget(card.arn)
        return {}

    def _list(self, call: Call) -> dict[str, Any]:
        self._cloud.authorize(call.caller, "sagemaker:ListModelCards", "*")
        with self._lock:
            cards = [card.described(len(card.versions)) for card in self._cards.values()]
        shown, token = page(select(cards, _by_status(call.input), "ModelCardName", "ModelCardStatus"), call.input)
        summaries = [{name: card[name] for name in _SUMMARY} for card in shown]
        return {"ModelCardSummaries": summaries, "NextToken": token}

    def _list_versions(self, call: Call) -> dict[str, Any]:
        self._authorize(call)
        card = self._get(call.input["ModelCardName"])
        versions = [
            card.described(number) | {"CreationTime": version.created, "Version": number}
            for number, version in enumerate(card.versions, start=1)
        ]
        request = {"SortBy": "Version", **_by_status(call.input)}
        shown, token = page(select(versions, request, "ModelCardName", "ModelCardStatus"), call.input)
        names = (*_SUMMARY, "ModelCardVersion")
        return {
            "ModelCardVersionSummaryList": [{name: one[name] for name in names} for one in shown],
            "NextToken": token,
        }


def _content_schema() -> ModuleType:
    """Imported late: its classes cost every start of the cloud a tenth of a second, and few write cards."""
    from localcloud.sagemaker import model_card_content

    return model_card_content


def _by_status(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request in listing's words, where the filter of the status is StatusEquals."""
    others = {name: value for name, value in request.items() if name != "ModelCardStatus"}
    return others | ({"StatusEquals": request["ModelCardStatus"]} if "ModelCardStatus" in request else {})
