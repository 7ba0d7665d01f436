"""The only code that touches MiniStack's internals, one module per thing we need of it.

These are internals, without a promise: the version is pinned, `version.require_pinned()` refuses any other, and
`tests/integration/localcloud` exercises each hook. To move to another version, run those tests against it.

MiniStack reads its environment when it is imported, so nothing here may be imported before `server.py` has set it.
"""
