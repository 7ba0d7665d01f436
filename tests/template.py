"""template.yaml with its intrinsic functions worked out, as far as the tests need them."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
ACCOUNT, REGION = "000000000000", "us-east-1"

_PSEUDO = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws", "AWS::NoValue": None}


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, each kept as `{tag: value}`."""


def _tagged(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {f"!{suffix}": loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {f"!{suffix}": loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {f"!{suffix}": loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _tagged)


@cache
def template() -> dict[str, Any]:
    document: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), Loader=_Loader)
    return document


def resources_of(kind: str) -> dict[str, Any]:
    return {name: body for name, body in template()["Resources"].items() if body["Type"] == kind}


def resolved(value: Any, **parameters: str) -> Any:
    """The value with Ref, Sub, GetAtt and If replaced; other resources become `<Name>` or `<Name.Attribute>`."""
    return _resolve(value, _values(parameters))


def made(**parameters: str) -> set[str]:
    """The names of the resources that a stack with these parameters has."""
    values = _values(parameters)
    return {
        name
        for name, body in template()["Resources"].items()
        if "Condition" not in body or _holds(template()["Conditions"][body["Condition"]], values)
    }


def _values(parameters: dict[str, str]) -> dict[str, Any]:
    declared = template()["Parameters"]
    given = {name: parameters.get(name, body.get("Default")) for name, body in declared.items()}
    lists = {name: given[name].split(",") for name, body in declared.items() if body["Type"] == "CommaDelimitedList"}
    pseudo = {name: parameters.get(name, value) for name, value in _PSEUDO.items()}
    return given | lists | pseudo


def _resolve(value: Any, values: dict[str, Any]) -> Any:
    if isinstance(value, list):
        found = [_resolve(entry, values) for entry in value]
        return [entry for entry in found if entry is not None]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        tag, argument = next(iter(value.items()))
        if tag in _TAGS:
            return _TAGS[tag](argument, values)
    return {key: _resolve(entry, values) for key, entry in value.items()}


def _ref(name: str, values: dict[str, Any]) -> Any:
    if name in values:
        return values[name]
    serverless = resources_of("AWS::Serverless::Function") | resources_of("AWS::Serverless::StateMachine")
    if name.endswith("Role") and name.removesuffix("Role") in serverless:
        return f"<{name}>"  # SAM makes it
    properties = template()["Resources"][name].get("Properties", {})
    named = properties.get("BucketName") or properties.get("FunctionName") or properties.get("TableName")
    return _resolve(named, values) if named else f"<{name}>"


def _sub(text: str, values: dict[str, Any]) -> str:
    return re.sub(r"\$\{([\w:.]+)\}", lambda found: str(_attribute(found[1], values)), text)


def _attribute(name: str, values: dict[str, Any]) -> Any:
    if "." not in name or name in values:
        return _ref(name, values)
    resource, attribute = name.split(".", 1)
    if template()["Resources"][resource]["Type"] == "AWS::S3::Bucket" and attribute == "Arn":
        return f"arn:aws:s3:::{_ref(resource, values)}"
    return f"<{name}>"


def _if(arguments: list[Any], values: dict[str, Any]) -> Any:
    condition, yes, no = arguments
    return _resolve(yes if _holds(template()["Conditions"][condition], values) else no, values)


def _holds(condition: dict[str, Any], values: dict[str, Any]) -> bool:
    tag, argument = next(iter(condition.items()))
    if tag == "!Condition":
        return _holds(template()["Conditions"][argument], values)
    if tag == "!Or":
        return any(_holds(one, values) for one in argument)
    if tag == "!Not":
        return not _holds(argument[0], values)
    assert tag == "!Equals"
    left, right = (_resolve(side, values) for side in argument)
    return bool(left == right)


def _join(arguments: list[Any], values: dict[str, Any]) -> str:
    separator, parts = arguments
    return str(separator).join(_resolve(parts, values))


_TAGS = {
    "!Ref": _ref,
    "!Sub": _sub,
    "!GetAtt": _attribute,
    "!If": _if,
    "!Join": _join,
}
