"""What `sam build` and `sam package` make of a template, without SAM and without third-party packages.

Locally those packages come from the interpreter's own environment, which is locked to the same versions; so packaging
is reading files, and takes no network. Archives are deterministic: the same content has the same name.
"""

import hashlib
import io
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from localcloud.errors import LocalCloudError

_EXCLUDED_FOLDERS = frozenset({"__pycache__", "tests", ".git", ".venv", ".aws-sam", ".pytest_cache", ".mypy_cache"})
_EXCLUDED_SUFFIXES = frozenset({".pyc", ".pyo"})
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)


class PackagingError(LocalCloudError):
    """A resource of the template cannot be packaged; the message names it."""


@dataclass(frozen=True)
class Artifact:
    key: str
    content: bytes


@dataclass(frozen=True)
class Package:
    """The template with its local paths replaced by S3 locations, and what has to lie there."""

    template: dict[str, Any]
    artifacts: tuple[Artifact, ...]


def package(template_path: Path, bucket: str) -> Package:
    template = read_template(template_path)
    artifacts = []
    for logical_id, resource in template.get("Resources", {}).items():
        rule = _RULES.get(resource.get("Type", ""))
        properties = resource.get("Properties", {})
        if rule is None or not isinstance(properties.get(rule.location), str):
            continue
        source = template_path.parent / properties[rule.location]
        if not source.exists():
            raise PackagingError(f"{template_path}: {logical_id}.{rule.location} names {source}, which does not exist")
        artifact = _artifact(logical_id, rule.build(logical_id, source, resource.get("Metadata", {})), rule.suffix)
        properties[rule.location] = {"Bucket": bucket, "Key": artifact.key}
        artifacts.append(artifact)
    return Package(template, tuple(artifacts))


def read_template(path: Path) -> dict[str, Any]:
    """The template with `!Ref` and its like in their long form."""
    try:
        template: dict[str, Any] = yaml.load(path.read_text(), Loader=_TemplateLoader)  # noqa: S506 - a SafeLoader
    except (OSError, yaml.YAMLError) as exc:
        raise PackagingError(f"{path} cannot be read as a template: {exc}") from exc
    return template


def archive(files: Mapping[str, Path]) -> bytes:
    """A zip of `files` (path inside → file), the same bytes for the same content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _FIXED_DATE)
            executable = os.access(files[name], os.X_OK)
            entry.external_attr = (0o100755 if executable else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, files[name].read_bytes())
    return buffer.getvalue()


def source_files(folder: Path, prefix: str = "") -> dict[str, Path]:
    """The files that ship, by their path inside the archive; symbolic links are followed."""
    return {
        prefix + path.relative_to(folder).as_posix(): path
        for path in _walk(folder)
        if path.is_file() and path.suffix not in _EXCLUDED_SUFFIXES
    }


@dataclass(frozen=True)
class _Rule:
    location: str
    suffix: str
    build: Callable[[str, Path, Mapping[str, Any]], bytes]


def _function(logical_id: str, source: Path, metadata: Mapping[str, Any]) -> bytes:
    parents = metadata.get("BuildProperties", {}).get("ParentPackages", "")
    return archive(source_files(source, _folder_of(parents)))


def _folder_of(package_name: str) -> str:
    return package_name.replace(".", "/") + "/" if package_name else ""


def _layer(logical_id: str, source: Path, metadata: Mapping[str, Any]) -> bytes:
    method = metadata.get("BuildMethod", "")
    if method == "makefile":
        return _made(logical_id, source)
    if method.startswith("python"):
        return archive(source_files(source, "python/"))
    raise PackagingError(f"{logical_id}: the local cloud packages layers built with python or makefile, not '{method}'")


def _made(logical_id: str, source: Path) -> bytes:
    """`make build-<LogicalId>`, as SAM calls it."""
    with tempfile.TemporaryDirectory(prefix="layer-") as folder:
        command = ["make", "--no-print-directory", f"build-{logical_id}"]
        # An outer `make demo` must not lend this one its flags.
        own = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
        environment = {**own, "ARTIFACTS_DIR": folder}
        done = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr or done.stdout
            raise PackagingError(f"{logical_id}: `{' '.join(command)}` in {source} failed:\n{said}")
        return archive(source_files(Path(folder)))


def _definition(_logical_id: str, source: Path, _metadata: Mapping[str, Any]) -> bytes:
    return source.read_bytes()


_RULES = {
    "AWS::Serverless::Function": _Rule("CodeUri", ".zip", _function),
    "AWS::Serverless::LayerVersion": _Rule("ContentUri", ".zip", _layer),
    "AWS::Serverless::StateMachine": _Rule("DefinitionUri", ".asl", _definition),
}


def _artifact(logical_id: str, content: bytes, suffix: str) -> Artifact:
    return Artifact(f"{logical_id}-{hashlib.sha256(content).hexdigest()[:32]}{suffix}", content)


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in _EXCLUDED_FOLDERS:
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path


class _TemplateLoader(yaml.SafeLoader):
    """YAML with CloudFormation's tags. A class of its own: samtranslator's helper changes SafeLoader for everyone."""


def _intrinsic(loader: _TemplateLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.SequenceNode):
        value: Any = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        value = loader.construct_scalar(node)  # type: ignore[arg-type]
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


_TemplateLoader.add_multi_constructor("!", _intrinsic)
