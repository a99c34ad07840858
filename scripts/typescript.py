"""Types of msgspec as TypeScript, for the scripts that generate it."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from typing import get_type_hints

import msgspec.inspect as types

NAMES = {"Configure": "Configuration", "StatsMessage": "ServerStats"}
"""Names in TypeScript, where they differ"""

Class = types.StructType | types.TypedDictType


def typescript(type: types.Type) -> str:
    match type:
        case types.IntType() | types.FloatType():
            return "number"
        case types.BoolType():
            return "boolean"
        case types.StrType():
            return "string"
        case types.NoneType():
            return "null"
        case types.Metadata(extra_json_schema={"title": name}):
            return str(name)
        case types.CollectionType(item_type=types.TypedDictType() as item):
            return f"{name_of(item)}[]"
        case types.CollectionType(item_type=item):
            return f"readonly {typescript(item)}[]"
        case types.TypedDictType():
            return name_of(type)
        case types.UnionType():
            return " | ".join(map(typescript, choices_of(type)))
    raise NotImplementedError(type)


def choices_of(type: types.Type) -> list[types.Type]:
    """Those of a union, null last."""
    choices = type.types if isinstance(type, types.UnionType) else [type]
    return sorted(choices, key=lambda choice: isinstance(choice, types.NoneType))


def nested(message: types.StructType) -> Iterator[types.TypedDictType]:
    for field in message.fields:
        inner = field.type.item_type if isinstance(field.type, types.CollectionType) else field.type
        if isinstance(inner, types.TypedDictType):
            yield inner


def fields_of(item: Class) -> list[types.Field]:
    """In the order of the source, which msgspec doesn't keep for a TypedDict."""
    order = list(get_type_hints(item.cls))
    return sorted(item.fields, key=lambda field: order.index(field.name))


def docs(cls: type) -> dict[str, str]:
    """The docstrings of a class's attributes, and of those of its bases in the same module."""
    module = ast.parse(inspect.getsource(sys.modules[cls.__module__]))
    return _docs(cls.__name__, {node.name: node for node in module.body if isinstance(node, ast.ClassDef)})


def _docs(name: str, classes: Mapping[str, ast.ClassDef]) -> dict[str, str]:
    bases = (base.id for base in classes[name].bases if isinstance(base, ast.Name) and base.id in classes)
    found = {field: doc for base in bases for field, doc in _docs(base, classes).items()}
    for field, text in pairwise(classes[name].body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=field_name)), ast.Expr(value=ast.Constant(value=str(doc))):
                found[field_name] = doc
    return found


def comment(text: str | None, indent: str = "", *, fields: Collection[str] = ()) -> str:
    """
    :param fields: names that the text has in Python's spelling, to be spelled as in TypeScript.
    """
    if not text:
        return ""
    words = " ".join(text.replace("``", "`").split())
    for name in fields:
        words = words.replace(f"`{name}`", f"`{camel(name)}`")
    if len(line := f"{indent}/** {words} */\n") <= 121:
        return line
    lines = textwrap.wrap(words, 117 - len(indent))
    return f"{indent}/**\n" + "".join(f"{indent} * {line}\n" for line in lines) + f"{indent} */\n"


def struct(cls: type) -> types.StructType:
    info = types.type_info(cls)
    assert isinstance(info, types.StructType)
    return info


def name_of(item: Class) -> str:
    return NAMES.get(item.cls.__name__, item.cls.__name__)


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))
