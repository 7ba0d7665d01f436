# ruff: noqa: PTH118, PTH123, PTH208 - other people's code
"""Two or more hosts add up their shards over a socket, as a distributed algorithm would."""

import json
import os
import socket
import time

PORT = int(os.environ["SM_HP_PORT"])


def read_shard():
    folder = os.environ["SM_CHANNEL_TRAIN"]
    return sum(int(open(os.path.join(folder, name)).read()) for name in os.listdir(folder))


def collect(host, total, peers):
    with socket.create_server((host, PORT)) as server:
        for _ in range(peers):
            connection, _ = server.accept()
            with connection:
                total += int(connection.makefile().readline())
    return total


def send(master, total):
    for _ in range(100):
        try:
            with socket.create_connection((master, PORT), timeout=5) as connection:
                connection.sendall(f"{total}\n".encode())
                return
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise SystemExit(f"{master} does not answer")


if __name__ == "__main__":
    hosts, me = json.loads(os.environ["SM_HOSTS"]), os.environ["SM_CURRENT_HOST"]
    shard = read_shard()
    print(f"{me} of {hosts} has {shard}")
    if me == hosts[0]:
        total = collect(me, shard, len(hosts) - 1)
        with open(os.path.join(os.environ["SM_MODEL_DIR"], "total.txt"), "w") as file:
            file.write(str(total))
    else:
        send(hosts[0], shard)
