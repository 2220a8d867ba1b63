"""Sends Ethernet frames, one in hexadecimal digits a line of standard input, by the link that is named."""
import socket
import sys

with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
    out.bind((sys.argv[1], 0))
    for line in sys.stdin:
        out.send(bytes.fromhex(line.strip()))
