"""The model behind BentoML: of the ways to write its API method, the one that answered fastest.

MODEL=model.ubj .tools/bentoml/bin/bentoml serve bento_service:Scores --working-dir benchmarks/sides
"""

import os

import bentoml
import numpy as np
import xgboost


@bentoml.service(workers=os.cpu_count(), logging={"access": {"enabled": False}})
class Scores:
    def __init__(self) -> None:
        self.booster = xgboost.Booster(model_file=os.environ["MODEL"])
        self.booster.set_param({"nthread": 1})

    @bentoml.api
    async def predict(self, rows: list[list[float]]) -> list[float]:
        return self.booster.inplace_predict(np.array(rows, dtype=np.float32)).tolist()
