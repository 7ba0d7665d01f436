"""The process behind one instance of a variant: the framework container's model server, without the container.

It speaks what SageMaker speaks to a container (`GET /ping`, `POST /invocations`) and treats the model's own
`inference.py` as the XGBoost and scikit-learn containers do in script mode
(github.com/aws/sagemaker-xgboost-container, serving.py; github.com/aws/sagemaker-containers, _transformer.py).
Standard library only: each import here is time on every cold start.
"""
