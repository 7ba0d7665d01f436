"""One module per command: it parses, calls, prints."""
