"""Two versions side by side: gathered from the registry and the bucket, compared, shown in a terminal or as a page."""
