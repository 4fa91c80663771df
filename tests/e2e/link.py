"""A network path that can be cut: a relay between one process and a port of 127.0.0.1."""
import socket
import threading


class Link:
    """While it is cut, bytes are neither delivered nor refused, as where packets are lost; what was sent meanwhile arrives later. `port`: where to connect instead."""

    def __init__(self, target):
        self.target = target
        self.whole = threading.Event()
        self.whole.set()
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.start(self.accept)

    def cut(self):
        self.whole.clear()

    def mend(self):
        self.whole.set()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.whole.set()

    def start(self, work, *arguments):
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            self.start(self.connect, near)

    def connect(self, near):
        self.whole.wait()
        try:
            far = socket.create_connection(('127.0.0.1', self.target), timeout=20)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        ended = threading.Semaphore(0)
        self.start(self.pump, near, far, ended)
        self.start(self.pump, far, near, ended)
        ended.acquire()
        ended.acquire()
        near.close()
        far.close()

    def pump(self, source, sink, ended):
        try:
            while data := source.recv(65536):
                self.whole.wait()
                sink.sendall(data)
        except OSError:
            pass
        # That a connection has ended is not known on the other side of a cut, either.
        self.whole.wait()
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        ended.release()
