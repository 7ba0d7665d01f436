import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.frames import DATA, pack, receive_frame, send_frame, unpack


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_packed_messages_come_back(messages: list[bytes]):
    assert unpack(pack(messages)) == messages


def test_a_frame_that_is_cut_off_is_an_end():
    here, there = socket.socketpair()
    with there:
        with here:
            send_frame(here, DATA, b"whole")
            here.sendall(b"\x01\x00")
        assert receive_frame(there) == (DATA, b"whole")
        with pytest.raises(EOFError):
            receive_frame(there)


def test_a_length_that_no_host_of_ours_sends_is_refused():
    here, there = socket.socketpair()
    with here, there:
        here.sendall(b"\x01" + b"\xff" * 8)
        with pytest.raises(OSError, match="is none of ours"):
            receive_frame(there)
