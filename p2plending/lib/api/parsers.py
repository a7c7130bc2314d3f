"""JSON in, without the inputs that break Python's parser or mean two things at once."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class StrictJSONParser(JSONParser):
    """A body nested too deep, a name given twice, a number out of range, a lone surrogate or a NUL is a 400.

    JSON is UTF-8 (RFC 8259), whatever the content type says.
    """

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        try:
            data = json.loads(
                stream.read().decode(), parse_constant=_no_constant, object_pairs_hook=_object_of_distinct_names
            )
            _check_values(data)
        except RecursionError as error:
            raise ParseError("The body is nested too deep.") from error
        except ValueError as error:
            raise ParseError("The body is not valid JSON.") from error
        if not isinstance(data, dict):
            raise ParseError("The body must be a JSON object.")
        return data


def _no_constant(name: str) -> NoReturn:
    """NaN and Infinity are not JSON."""
    raise ValueError(name)


def _object_of_distinct_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The server must not be the one to choose between two amounts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ParseError("A name is given twice.")
    return found


def _check_values(value: Any) -> None:
    """Raise ParseError for text that no database takes and for numbers that are none."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise ParseError("Text has characters that are not allowed.")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ParseError("A number is out of range.")
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_values(name)
            _check_values(item)
    elif isinstance(value, list):
        for item in value:
            _check_values(item)
