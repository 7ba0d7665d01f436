"""CloudWatch's alarms: what one says, what its metrics say, and what follows. MiniStack keeps them."""
