"""Talks by sockets.

serve NAME tcp/PORT udp/PORT ...         answers `NAME was asked by ADDRESS` over both families; says `listening` once it does
ask PROTOCOL/ADDRESS/PORT ...            asks all at once, and prints an answer, `refused` or `silence` for each, in order
flow ADDRESS PORT                        sends numbers by one UDP socket, each 100 ms; `stop` on standard input ends that, any other line is sent
"""
import select
import socket
import socketserver
import sys
import threading

SILENCE_S = 2


class Server:
    address_family = socket.AF_INET6
    allow_reuse_address = True
    daemon_threads = True


class TcpServer(Server, socketserver.ThreadingTCPServer):
    pass


class UdpServer(Server, socketserver.ThreadingUDPServer):
    pass


def serve(name, *places):
    class Answer(socketserver.BaseRequestHandler):
        def handle(self):
            line = f"{name} was asked by {self.client_address[0].removeprefix('::ffff:')}".encode()
            if isinstance(self.request, tuple):
                self.request[1].sendto(line, self.client_address)
            else:
                self.request.sendall(line)

    for place in places:
        protocol, port = place.split("/")
        server = (UdpServer if protocol == "udp" else TcpServer)(("::", int(port)), Answer)
        threading.Thread(target=server.serve_forever).start()
    print("listening", flush=True)


def ask_one(place):
    protocol, address, port = place.split("/")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
    with socket.socket(family, kind) as asker:
        asker.settimeout(SILENCE_S)
        try:
            asker.connect((address, int(port)))
            if protocol == "udp":
                asker.send(b"x")
            return asker.recv(1000).decode()
        except ConnectionRefusedError:
            return "refused"
        except OSError:
            return "silence"


def ask(*places):
    answers = [None] * len(places)

    def work(at):
        answers[at] = ask_one(places[at])

    threads = [threading.Thread(target=work, args=(at,)) for at in range(len(places))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("\n".join(answers))


def flow(address, port):
    out = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    out.bind(("", 0))
    number = 0
    is_flowing = True
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], 0.1 if is_flowing else None)
        if ready:
            line = sys.stdin.readline().strip()
            if line == "":
                return
            is_flowing = is_flowing and line != "stop"
            if line != "stop":
                out.sendto(f"{line}\n".encode(), (address, int(port)))
            print(f"did {line}", flush=True)
        elif is_flowing:
            number += 1
            out.sendto(f"flow {number}\n".encode(), (address, int(port)))


{"serve": serve, "ask": ask, "flow": flow}[sys.argv[1]](*sys.argv[2:])
