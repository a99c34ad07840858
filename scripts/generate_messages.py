"""
Write the control messages for the TypeScript client: messages.ts has their public types and events, wire.ts reads and
writes them.

``make generate`` runs it; a test compares what it gives with what is checked in.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import get_args

import msgspec.inspect as types
from typescript import Class, camel, choices_of, comment, docs, fields_of, name_of, nested, struct, typescript

from holistic_rtc.wire.control import Configure, Event, FromClient

SOURCES = Path(__file__).parents[1] / "web" / "sdk" / "src"
NOTICE = "// Made from server/holistic_rtc/wire/control.py and model/stats.py by `make generate`; edit those."
HELPERS = ("list", "number", "record", "text")
"""Functions of web/sdk/src/reading.ts"""


def generate() -> Mapping[Path, str]:
    """:return: the text of each file"""
    return {SOURCES / "messages.ts": _messages(), SOURCES / "wire.ts": _wire()}


def _messages() -> str:
    configure, *events = map(struct, (Configure, *get_args(Event)))
    classes = {name_of(item): item for message in (configure, *events) for item in (*nested(message), message)}
    fields = {field.name for item in classes.values() for field in item.fields}
    listed = "".join(
        f"{comment(event.cls.__doc__, '  ', fields=fields)}  {event.tag}: {name_of(event)};\n" for event in events
    )
    return f"""\
{NOTICE}

import type {{ Part }} from "./parts.js";

{"".join(_interface(item, fields) for item in classes.values())}\
/** The server's messages about a session, by type. */
export interface ServerEvents {{
{listed}}}
"""


def _wire() -> str:
    sent, events = ([struct(message) for message in get_args(union)] for union in (FromClient, Event))
    read = {name_of(item): item for event in events for item in (*nested(event), event)}
    imports = ", ".join(sorted(["Configuration", "ServerEvents", *read]))
    cases = "".join(
        f'    case "{event.tag}":\n      return ["{event.tag}", read{name_of(event)}(fields)];\n' for event in events
    )
    readers = "".join(map(_reader, read.values()))
    helpers = ", ".join(["type Fields", *(name for name in HELPERS if f"{name}(" in readers)])
    return f"""\
{NOTICE}

import type {{ EventOf }} from "./events.js";
import type {{ {imports} }} from "./messages.js";
import type {{ Part }} from "./parts.js";
import {{ {helpers} }} from "./reading.js";

{"".join(map(_sent, sent))}\
export type FromClient = {" | ".join(message.cls.__name__ for message in sent)};

{_configuration(struct(Configure))}\
{readers}\
/** @returns null for a message that isn't for the program, or that only newer clients know. */
export function readEvent(fields: Fields): EventOf<ServerEvents> | null {{
  switch (fields.type) {{
{cases}\
    default:
      return null;
  }}
}}
"""


def _interface(item: Class, names: Collection[str]) -> str:
    described = docs(item.cls)
    fields = "".join(
        f"{comment(described.get(field.name), '  ', fields=names)}"
        f"  {camel(field.name)}{'' if field.required else '?'}: {typescript(field.type)};\n"
        for field in fields_of(item)
    )
    return f"{comment(item.cls.__doc__, fields=names)}export interface {name_of(item)} {{\n{fields}}}\n\n"


def _sent(message: types.StructType) -> str:
    fields = "".join(
        f"  {field.name}: {typescript(field.type)};\n"
        if field.required
        else f"  {field.name}?: {typescript(field.type)} | undefined;\n"
        for field in message.fields
    )
    head = f"{comment(message.cls.__doc__)}export interface {message.cls.__name__} {{\n"
    return f'{head}  type: "{message.tag}";\n{fields}}}\n\n'


def _configuration(message: types.StructType) -> str:
    names = {field.name: camel(field.name) for field in message.fields}
    checks = "".join(_range_check(field) for field in message.fields)
    copies = "".join(f"    ...(from.{name} !== undefined && {{ {name}: from.{name} }}),\n" for name in names.values())
    writes = "".join(f"    {field}: from.{name},\n" for field, name in names.items())
    return f"""\
/**
 * The fields of a configuration that are set, and no others.
 *
 * @throws RangeError when a number is out of range.
 */
export function copyConfiguration(from: Configuration): Configuration {{
{checks}\
  return {{
{copies}\
  }};
}}

/** As a message; JSON leaves out what is undefined. */
export function writeConfiguration(from: Configuration): {message.cls.__name__} {{
  return {{
    type: "{message.tag}",
{writes}\
  }};
}}

"""


def _range_check(field: types.Field) -> str:
    name = camel(field.name)
    numbers = [item for item in choices_of(field.type) if isinstance(item, types.IntType | types.FloatType)]
    if not numbers or numbers[0].ge is None or numbers[0].le is None:
        return ""
    low, high = numbers[0].ge, numbers[0].le
    null = ", or null" if len(choices_of(field.type)) > 1 else ""
    return f"""\
  if (typeof from.{name} === "number" && !(from.{name} >= {low} && from.{name} <= {high})) {{
    throw new RangeError(`{name} is a number from {low} to {high}{null}; not ${{from.{name}}}`);
  }}
"""


def _reader(item: Class) -> str:
    fields = "".join(f"    {_read(field)},\n" for field in fields_of(item))
    return (
        f"export function read{name_of(item)}(fields: Fields): {name_of(item)} {{\n  return {{\n{fields}  }};\n}}\n\n"
    )


def _read(field: types.Field) -> str:
    """A field of the wrong type becomes 0, "", null or an empty list; an optional one is left out."""
    name, value, choices = camel(field.name), f"fields.{field.name}", choices_of(field.type)
    kinds = [typescript(choice) for choice in choices]
    if field.required and len(choices) == 1:
        return f"{name}: {_convert(choices[0], value)}"
    if not {"number", "string", "boolean", "null"}.issuperset(kinds):
        raise NotImplementedError(field)
    tests = [f"{value} === null" if kind == "null" else f'typeof {value} === "{kind}"' for kind in kinds]
    if field.required:
        return f"{name}: {' || '.join(tests[:-1])} ? {value} : null"
    guard = tests[0] if len(tests) == 1 else f"({' || '.join(tests)})"
    return f"...({guard} && {{ {name}: {value} }})"


def _convert(type: types.Type, value: str) -> str:
    match type:
        case types.CollectionType(item_type=types.TypedDictType() as item):
            return f"list({value}).map((item) => read{name_of(item)}(record(item)))"
        case types.CollectionType():
            return f"list({value}) as {typescript(type)}"
        case types.TypedDictType():
            return f"read{name_of(type)}(record({value}))"
    return f"{ {'number': 'number', 'string': 'text'}[typescript(type)] }({value})"


def main() -> None:
    for path, text in generate().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
