"""The inference API's own decisions, pure: what a request may be, what its answer says, what is kept of both."""
