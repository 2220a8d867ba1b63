# Takes the master of one terminal from a unix socket (SCM_RIGHTS), writes a line to it, and prints what comes back until it hangs up.
import os
import socket
import sys

listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(1)
print("ready", flush=True)
peer = listener.accept()[0]
name, fds, _flags, _address = socket.recv_fds(peer, 4096, 1)
print("name", len(name) > 0, flush=True)
os.write(fds[0], b"typed\n")
while True:
    try:
        data = os.read(fds[0], 4096)
    except OSError:
        break
    if not data:
        break
    sys.stdout.buffer.write(data)
    sys.stdout.flush()
