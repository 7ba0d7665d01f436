"""One run of the scripts on the small data set, shared by the tests."""

import pytest

# Before any script imports xgboost: it is imported whole then, as other tests of this process may need it.
import sklearn  # noqa: F401
from hypothesis import settings

from tests.unit.training_code.tiny import (
    Pipeline,
    channels,
    evaluate_arguments,
    tiny_rows,
    write_definition,
    write_rows,
)

# The builders' machines are shared: how long one example takes says nothing.
settings.register_profile("jobs", deadline=None)
settings.load_profile("jobs")


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    import evaluate
    import preprocess
    import train

    folder = tmp_path_factory.mktemp("pipeline")
    data = write_rows(folder / "data" / "tiny.csv", tiny_rows())
    definition = write_definition(folder / "definition.json")
    output, model = folder / "out", folder / "model"
    preprocess.main(["--data", str(data.parent), "--definition", str(definition), "--output", str(output)])
    train.main([*channels(output), "--model-dir", str(model), "--num_round", "60"])
    evaluate.main(evaluate_arguments(output, model, definition))
    return Pipeline(data, definition, output, model)
