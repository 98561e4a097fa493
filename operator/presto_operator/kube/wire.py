"""Reading what the API server, or a proxy in front of it, answers: bounded, and with an ApiError for anything odd."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp

from presto_operator.kube.api_server import ApiError, Page, WatchEvent
from presto_operator.kube.kind import Kind
from presto_operator.objects import KubernetesObject

_QUOTED_CHARACTERS = 200
_EVENT_TYPES = ("ADDED", "MODIFIED", "DELETED", "BOOKMARK")


class AnswerTooLargeError(ApiError):
    """An answer is larger than it may be; the rest of it was not read."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(413, f"the answer has more than {most_bytes} bytes")


async def read(response: aiohttp.ClientResponse, most_bytes: int | None) -> bytes:
    """The body of an answer.

    Raises:
        AnswerTooLargeError: it is larger than `most_bytes`.
    """
    if most_bytes is None:
        return await response.read()
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > most_bytes:
            response.close()
            raise AnswerTooLargeError(most_bytes)
    return bytes(content)


async def lines(response: aiohttp.ClientResponse, most_bytes: int) -> AsyncGenerator[bytes, None]:
    """The lines of an answer as they arrive, without an unfinished last one; the connection is closed at the end.

    Raises:
        AnswerTooLargeError: a line is longer than `most_bytes`.
    """
    rest = b""
    try:
        async for chunk in response.content.iter_any():
            *whole, rest = (rest + chunk).split(b"\n")
            if len(rest) > most_bytes:
                raise AnswerTooLargeError(most_bytes)
            for line in whole:
                if line.strip():
                    yield line
            # A flood of events must not keep everything else from running.
            await asyncio.sleep(0)
    finally:
        response.close()


def as_json(content: bytes, request: str) -> Any:
    """The value that a body holds.

    Raises:
        ApiError: it isn't JSON, such as the HTML page of a proxy, or half of an answer.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ApiError(0, f"{request}: the answer is not JSON: {_quoted(content)}") from error


def as_object(answer: object, kind: Kind, request: str) -> KubernetesObject:
    """An answer that has to be an object of this kind, or its metadata.

    Raises:
        ApiError: it is something else.
    """
    if isinstance(answer, dict) and answer.get("kind") in (kind.name, "PartialObjectMetadata"):
        return answer
    raise ApiError(0, f"{request}: the answer is not a {kind.name}: {_quoted(answer)}")


def as_written(answer: object, request: str) -> KubernetesObject:
    """The answer to a write, which has to be the object as the API server then has it.

    Raises:
        ApiError: it is something else.
    """
    metadata = answer.get("metadata") if isinstance(answer, dict) else None
    if isinstance(answer, dict) and isinstance(metadata, dict):
        texts = (answer.get("kind"), metadata.get("name"), metadata.get("uid"))
        if all(isinstance(text, str) for text in texts):
            return answer
    raise ApiError(0, f"{request}: the answer is not an object: {_quoted(answer)}")


def as_list(answer: object, request: str) -> dict[str, Any]:
    """An answer that has to be a list of objects.

    The API server writes `items: null` into an empty list of metadata, and nowhere else. Any other list whose `items`
    are null is none: if it was taken for an empty one, everything would seem to be gone.

    Raises:
        ApiError: it is something else.
    """
    if isinstance(answer, dict):
        is_empty = answer.get("kind") == "PartialObjectMetadataList" and answer.get("items", ()) is None
        metadata = answer.get("metadata")
        has_version = isinstance(metadata, dict) and _is_version(metadata.get("resourceVersion"))
        if has_version and (is_empty or isinstance(answer.get("items"), list)):
            return {**answer, "items": answer["items"] or []}
    raise ApiError(0, f"{request}: the answer is not a list of objects: {_quoted(answer)}")


def read_page(kind: Kind, answer: dict[str, Any]) -> Page:
    """A page of a list that `as_list` has checked.

    Raises:
        ApiError: one of its items isn't an object.
    """
    # The items of a list have neither apiVersion nor kind, and partial ones have another kind.
    return Page([_named(kind, item) for item in answer["items"]], int(answer["metadata"]["resourceVersion"]))


def read_event(kind: Kind, line: bytes) -> WatchEvent:
    """An event of a watch.

    Raises:
        ApiError: the API server reports an error, whose code is the status; or it isn't an event.
    """
    event = as_json(line, f"watch of {kind.plural}")
    event_type, obj = (event.get("type"), event.get("object")) if isinstance(event, dict) else (None, None)
    if not isinstance(obj, dict) or event_type not in (*_EVENT_TYPES, "ERROR"):
        raise ApiError(0, f"watch of {kind.plural}: not an event: {_quoted(line)}")
    if event_type == "ERROR":
        code = obj.get("code")
        raise ApiError(code if isinstance(code, int) else 0, f"watch of {kind.plural}: {obj.get('message') or obj!s}")
    if event_type == "BOOKMARK":
        version = (obj.get("metadata") or {}).get("resourceVersion")
        if not _is_version(version):
            raise ApiError(0, f"watch of {kind.plural}: a bookmark without a resourceVersion: {_quoted(line)}")
        return WatchEvent(event_type, {"metadata": {"resourceVersion": version}})
    return WatchEvent(event_type, _named(kind, obj))


def _named(kind: Kind, item: object) -> KubernetesObject:
    metadata = item.get("metadata") if isinstance(item, dict) else None
    if isinstance(item, dict) and isinstance(metadata, dict):
        texts = (metadata.get("name"), metadata.get("uid"), metadata.get("namespace", ""))
        if all(isinstance(text, str) for text in texts) and _is_version(metadata.get("resourceVersion")):
            return {**item, "apiVersion": kind.api_version, "kind": kind.name}
    raise ApiError(0, f"one of the {kind.plural} is not an object with a name, uid and version: {_quoted(item)}")


def _is_version(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit()


def _quoted(answer: object) -> str:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else repr(answer)
    return text.strip()[:_QUOTED_CHARACTERS]
