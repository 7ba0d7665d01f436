"""The local cloud: MiniStack plus a SageMaker that runs jobs and endpoints, in one process behind one loopback port."""
