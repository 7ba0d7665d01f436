"""The tiny model, evaluated with slices, and the folders of a check of it."""

import json
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from tests.unit.training_code.monitoring.traffic import Check
from tests.unit.training_code.tiny import Pipeline, definition_document, evaluate_arguments


@pytest.fixture(scope="session")
def sliced(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    import evaluate

    folder = tmp_path_factory.mktemp("sliced")
    definition = folder / "definition.json"
    definition.write_text(json.dumps({**definition_document(), "evaluation": {"slices": ["city", "visits"]}}))
    output = copytree(pipeline.output, folder / "out")
    evaluate.main(evaluate_arguments(output, pipeline.model, definition))
    return replace(pipeline, definition=definition, output=output)


@pytest.fixture
def check(sliced: Pipeline, tmp_path: Path) -> Check:
    return Check(sliced, tmp_path)
