"""The least that can be called a server: a bare ASGI app around inplace_predict. The body is a list of numbers.

MODEL=model.ubj .tools/uvicorn/bin/uvicorn --app-dir benchmarks/sides asgi_app:app
"""

import json
import os
from typing import Any

import numpy as np
import xgboost

booster = xgboost.Booster(model_file=os.environ["MODEL"])
booster.set_param({"nthread": 1})


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        return
    body = b""
    more = True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    scores = booster.inplace_predict(np.array([json.loads(body)], dtype=np.float32))
    answer = json.dumps(scores.tolist()).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
