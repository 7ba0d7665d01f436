"""What `sluice monitor` asks for and shows: checks of production, the newest in detail."""
