"""Models, endpoint configs, endpoints and their invocations: what SageMaker calls hosting.

Nothing is imported here: the model server's process comes through this package, and each import would delay it.
"""
