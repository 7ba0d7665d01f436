import os
from pathlib import Path

from training.memory import memory_bytes

MACHINE = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_a_containers_limit_counts_where_it_is_below_the_machine(tmp_path: Path):
    limit, none = tmp_path / "memory.max", tmp_path / "absent"
    limit.write_text("1048576\n")
    assert memory_bytes((none, limit)) == 1048576
    limit.write_text("max\n")
    assert memory_bytes((limit,)) == MACHINE == memory_bytes((none,))
    # Version 1 writes a huge number for no limit.
    limit.write_text("9223372036854771712")
    assert memory_bytes((limit,)) == MACHINE
