"""Simulated hosts: network namespaces, connected by links with a given rate and delay.

Not every kernel has netem, with which `tc` delays packets. Here the packets of each host go through
a TUN device to a process of the benchmark. This process delivers them to the other host when they
would arrive: each host sends and receives at `rate`, and each packet travels for `delay`. Root and
iproute2 are needed.
"""

from __future__ import annotations

import heapq
import os
import select
import struct
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fcntl import ioctl
from multiprocessing import Process
from pathlib import Path

LONGEST = 60_000  # most bytes of a packet: smaller packets would be too many for Python
_SET = 0x400454CA  # TUNSETIFF of linux/if_tun.h
_TUN, _BARE = 0x0001, 0x1000
_TO = 19  # position of the last byte of the destination address in an IPv4 packet


def address(host: int) -> str:
    """The IP address of a host."""
    return f"10.99.0.{host + 1}"


def inside(host: int) -> list[str]:
    """The beginning of a command line that runs a command on a host."""
    return ["ip", "netns", "exec", f"w2v{host}"]


@contextmanager
def hosts(count: int, rate: float, delay: float) -> Iterator[None]:
    """Set up hosts, and remove them at the end.

    count  number of hosts
    rate   bytes a second
    delay  seconds, one way
    """
    with ExitStack() as stack:
        devices = []
        for host in range(count):
            name = f"w2v{host}"
            _call(["ip", "netns", "add", name])
            stack.callback(_call, ["ip", "netns", "del", name])
            device = os.open("/dev/net/tun", os.O_RDWR)
            stack.callback(os.close, device)
            ioctl(device, _SET, struct.pack("16sH", name.encode(), _TUN | _BARE))
            devices.append(device)
            _call(["ip", "link", "set", name, "netns", name])
            _call([*inside(host), "ip", "addr", "add", f"{address(host)}/24", "dev", name])
            _call([*inside(host), "ip", "link", "set", name, "mtu", str(LONGEST), "up"])
            _call([*inside(host), "ip", "link", "set", "lo", "up"])
        process = Process(target=_carry, args=(devices, rate, delay), daemon=True)
        process.start()
        stack.callback(process.join)
        stack.callback(process.terminate)
        yield


def _call(command: Sequence[str]) -> None:
    subprocess.run(command, check=True)


def _carry(devices: Sequence[int], rate: float, delay: float) -> None:
    """Deliver packets until the process is terminated."""
    sent, received = (
        [0.0] * len(devices),
        [0.0] * len(devices),
    )  # the time until which each host is busy
    under_way: list[tuple[float, int, int, bytes]] = []
    number = 0
    while True:
        now = time.monotonic()
        while under_way and under_way[0][0] <= now:
            _, _, to, packet = heapq.heappop(under_way)
            os.write(devices[to], packet)
        wait = under_way[0][0] - now if under_way else None
        for device in select.select(devices, [], [], wait)[0]:
            packet = os.read(device, 1 << 16)
            sender, to, duration = devices.index(device), packet[_TO] - 1, len(packet) / rate
            if packet[0] >> 4 != 4 or not 0 <= to < len(devices):
                continue  # an IPv6 packet, or one for another address, as a broadcast
            sent[sender] = max(sent[sender], time.monotonic()) + duration
            received[to] = max(sent[sender] + delay, received[to] + duration)
            heapq.heappush(under_way, (received[to], number, to, packet))
            number += 1


def bytes_a_second(text: str) -> float:
    """Bytes a second of a rate as iproute2 writes it, such as 1gbit or 100mbit."""
    for unit, size in (("gbit", 1e9), ("mbit", 1e6)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * size / 8
    raise ValueError(f"{text}: expected a rate such as 1gbit or 100mbit")


def run_on(host: int, command: Sequence[str | Path], **options: object) -> subprocess.Popen:
    """Start a process on a host, in a process group of its own."""
    return subprocess.Popen([*inside(host), *map(str, command)], start_new_session=True, **options)  # type: ignore[call-overload]
