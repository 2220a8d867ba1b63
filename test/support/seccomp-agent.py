"""A seccomp agent that is not ours: takes one listener over a unix socket and answers COUNT notifications with ETXTBSY.

Prints "ready", then the document that came with the listener, then the number of each system call.
"""
import fcntl
import socket
import struct
import sys

SECCOMP_IOCTL_NOTIF_RECV = 0xC0502100
SECCOMP_IOCTL_NOTIF_SEND = 0xC0182101
ETXTBSY = 26

path, count = sys.argv[1], int(sys.argv[2])
server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(path)
server.listen(1)
print("ready", flush=True)
peer, _ = server.accept()
document, descriptors, _, _ = socket.recv_fds(peer, 65536, 1)
print(document.decode(), flush=True)
for _ in range(count):
    notification = bytearray(80)
    fcntl.ioctl(descriptors[0], SECCOMP_IOCTL_NOTIF_RECV, notification)
    number, _pid, _flags, call = struct.unpack_from("=QIIi", notification)
    print(call, flush=True)
    fcntl.ioctl(descriptors[0], SECCOMP_IOCTL_NOTIF_SEND, struct.pack("=QqiI", number, 0, -ETXTBSY, 0))
