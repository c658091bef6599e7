"""Close a container's network to all but public addresses, or tell the addresses of the engine's host.

Runs inside a short-lived container, as `python3 -c`. Needs nothing but the standard library of Python 3.8.

    look            sees the processes of the engine's host; prints its addresses and the engine's name servers
    close ORDER     joins the network of the container to close. ORDER is JSON:
                    {"refused": [network, ...], "allowed": [address, ...], "nameServers": [address, ...]}

The rules go to nf_tables over netlink. The numbers are those of the kernel's linux/netlink.h, linux/netfilter.h,
linux/netfilter/nfnetlink.h and linux/netfilter/nf_tables.h.
"""

import errno
import ipaddress
import json
import os
import socket
import struct
import sys

TABLE = "task-harness"
ANSWER_SECONDS = 10
AT_ONCE_SECONDS = 1
DISCARD_PORT = 9
DNS_PORT = 53
DNS_PROTOCOLS = (socket.IPPROTO_UDP, socket.IPPROTO_TCP)

NETLINK_NETFILTER = 12
NLMSG_ERROR = 2
NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE, NLM_F_APPEND = 0x1, 0x4, 0x400, 0x800
NLA_F_NESTED = 0x8000
BATCH_BEGIN, BATCH_END = 0x10, 0x11
NFTABLES = 10
NEW_TABLE, NEW_CHAIN, NEW_RULE = 0, 3, 6
IPV4, IPV6 = 2, 10
OUTPUT_HOOK = 3
NETWORK_HEADER, TRANSPORT_HEADER = 1, 2
OUTGOING_INTERFACE, TRANSPORT_PROTOCOL = 5, 16
VERDICT_REGISTER, REGISTER = 0, 1
DROP, ACCEPT, GOTO = 0, 1, -4
TCP_RESET = 1
NO_CODE = 0


class StillOpen(Exception):
    """The kernel took the rules, and an address that they refuse can be reached all the same."""


def main(verb, order=None):
    try:
        if verb == "look":
            print(json.dumps({"addresses": host_addresses(), "nameServers": name_servers()}))
            return 0
        order = json.loads(order)
        close(order)
        verify(order)
    except (OSError, StillOpen) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def host_addresses():
    """Return every IPv4 address of the engine's host, those of its bridges included."""
    addresses = set()
    with open("/proc/1/net/fib_trie", encoding="ascii") as trie:
        for line in trie:
            words = line.split()
            if words[0] == "|--":
                address = words[1]
            elif words == ["/32", "host", "LOCAL"]:
                addresses.add(address)
    return sorted(addresses)


def name_servers():
    with open("/etc/resolv.conf", encoding="utf-8", errors="replace") as settings:
        lines = [line.split() for line in settings]
    return [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]


def close(order):
    rules = [accept(is_to(address)) for address in order["allowed"]]
    for address in order["nameServers"]:
        rules += [accept(is_to(address), is_protocol(protocol), is_to_dns()) for protocol in DNS_PROTOCOLS]
    rules += [refuse(is_to(network)) for network in order["refused"]]
    messages = filter_messages(IPV4, rules)
    if os.path.exists("/proc/net/if_inet6"):
        messages += filter_messages(IPV6, [refuse()])
    send_batch(messages)


def verify(order):
    """Try an address of every network that is to be refused; loopback addresses do not leave the container."""
    exceptions = {ipaddress.ip_address(address) for address in order["allowed"]}
    for network in map(ipaddress.ip_network, order["refused"]):
        address = next((address for address in network.hosts() if address not in exceptions), None)
        if address is not None and not address.is_loopback:
            require_refusal(str(address))
    require_no_ipv6()


def require_refusal(address):
    """Only a packet filter here refuses to send a datagram; a connection may fail in any way, but at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        try:
            probe.sendto(b"", (address, DISCARD_PORT))
        except OSError as error:
            if error.errno != errno.EPERM:
                raise StillOpen("%s is not refused by the rules: %s" % (address, error)) from error
        else:
            raise StillOpen("%s can still be reached by UDP" % address)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(AT_ONCE_SECONDS)
        try:
            probe.connect((address, DISCARD_PORT))
        except socket.timeout:
            raise StillOpen("%s is not refused at once by TCP" % address) from None
        except OSError:
            return
        raise StillOpen("%s can still be reached by TCP" % address)


def require_no_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.sendto(b"", ("2001:db8::1", DISCARD_PORT))
    except OSError:
        return
    raise StillOpen("IPv6 addresses can still be reached")


# The rules: each is a list of expressions; it applies where all its conditions hold.


def filter_messages(family, rules):
    """Return the messages for a table that lets through what stays inside, and then follows the rules."""
    table = attribute(1, text(TABLE))
    hook = nested(4, attribute(1, number(OUTPUT_HOOK)), attribute(2, number(0)))
    messages = [
        message(NEW_TABLE, family, table),
        message(NEW_CHAIN, family, table + attribute(3, text("refuse"))),
        message(NEW_CHAIN, family, table + attribute(3, text("output")) + hook + attribute(7, text("filter"))),
    ]
    refusal = [[is_protocol(socket.IPPROTO_TCP), reset()], [verdict(DROP)]]
    for chain, written in (("refuse", refusal), ("output", [accept(stays_inside()), *rules])):
        for expressions in written:
            rule = table + attribute(2, text(chain)) + nested(4, *expressions)
            messages.append(message(NEW_RULE, family, rule, NLM_F_APPEND))
    return messages


def accept(*conditions):
    return [*conditions, verdict(ACCEPT)]


def refuse(*conditions):
    return [*conditions, verdict(GOTO, "refuse")]


def stays_inside():
    return meta(OUTGOING_INTERFACE) + equals(struct.pack("=I", socket.if_nametoindex("lo")))


def is_to(network):
    """Compare the destination address, bytes 16 to 19 of an IPv4 header."""
    network = ipaddress.IPv4Network(network)
    return payload(NETWORK_HEADER, 16, 4) + masked(network.netmask.packed) + equals(network.network_address.packed)


def is_protocol(protocol):
    return meta(TRANSPORT_PROTOCOL) + equals(bytes([protocol]))


def is_to_dns():
    """Compare the destination port, bytes 2 and 3 of a TCP or UDP header."""
    return payload(TRANSPORT_HEADER, 2, 2) + equals(struct.pack(">H", DNS_PORT))


def meta(key):
    return expression("meta", attribute(1, number(REGISTER)), attribute(2, number(key)))


def payload(header, offset, length):
    where = (attribute(2, number(header)), attribute(3, number(offset)), attribute(4, number(length)))
    return expression("payload", attribute(1, number(REGISTER)), *where)


def masked(mask):
    registers = attribute(1, number(REGISTER)) + attribute(2, number(REGISTER))
    zeros = bytes(len(mask))
    operands = nested(4, attribute(1, mask)) + nested(5, attribute(1, zeros))
    return expression("bitwise", registers, attribute(3, number(len(mask))), operands)


def equals(value):
    return expression("cmp", attribute(1, number(REGISTER)), attribute(2, number(0)), nested(3, attribute(1, value)))


def verdict(code, chain=None):
    target = attribute(2, text(chain)) if chain else b""
    decision = nested(2, attribute(1, number(code)), target)
    return expression("immediate", attribute(1, number(VERDICT_REGISTER)), nested(2, decision))


def reset():
    return expression("reject", attribute(1, number(TCP_RESET)), attribute(2, bytes([NO_CODE])))


def expression(name, *attributes):
    return nested(1, attribute(1, text(name)), nested(2, *attributes))


# Netlink: messages of attributes, each with its length and kind, padded to four bytes.


def attribute(kind, value):
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def nested(kind, *attributes):
    return attribute(kind | NLA_F_NESTED, b"".join(attributes))


def number(value):
    return struct.pack(">I", value & 0xFFFFFFFF)


def text(value):
    return value.encode("ascii") + b"\0"


def message(kind, family, attributes, flags=0):
    return raw_message(NFTABLES << 8 | kind, family, 0, attributes, NLM_F_CREATE | flags)


def raw_message(kind, family, resource, attributes=b"", flags=0):
    body = struct.pack(">BBH", family, 0, resource) + attributes
    return struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | flags, 0, 0) + body


def send_batch(messages):
    """Let the kernel take all the messages or none. Raises OSError with the kernel's reason.

    It answers each message that it refuses, and the last one anyway, as that asks for it.
    """
    *others, last = messages
    size, kind, flags, *rest = struct.unpack_from("=IHHII", last)
    last = struct.pack("=IHHII", size, kind, flags | NLM_F_ACK, *rest) + last[16:]
    begin, end = raw_message(BATCH_BEGIN, 0, NFTABLES), raw_message(BATCH_END, 0, NFTABLES)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as kernel:
        kernel.settimeout(ANSWER_SECONDS)
        kernel.bind((0, 0))
        kernel.send(b"".join([begin, *others, last, end]))
        answer = kernel.recv(65536)
    kind, code = struct.unpack_from("=4xH10xi", answer)
    if kind != NLMSG_ERROR or code:
        raise OSError(-code, "the kernel does not take the rules of nf_tables: " + os.strerror(-code))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
