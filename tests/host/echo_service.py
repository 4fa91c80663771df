"""An extension API server for the tests of the aggregation layer: answers what it was asked, as JSON."""
import http.server
import json
import socketserver
import ssl
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def answer(self):
        length = int(self.headers.get('Content-Length') or 0)
        body = self.rfile.read(length) if 'chunked' not in self.headers.get('Transfer-Encoding', '') else self.read_chunks()
        with self.server.lock:
            self.server.seen += 1
        if self.headers.get('Upgrade'):
            return self.upgrade()
        if '/stream' in self.path:
            return self.stream()
        resource = {'name': 'echoes', 'singularName': 'echo', 'namespaced': False, 'kind': 'Echo', 'verbs': ['get']}
        data = json.dumps({'kind': 'APIResourceList', 'apiVersion': 'v1', 'groupVersion': 'echo.example.com/v1', 'resources': [resource], 'method': self.command,
                           'path': self.path, 'headers': self.headers.items(), 'body': body.decode('latin-1'), 'port': self.server.server_address[1],
                           'client': self.connection.getpeercert(), 'connection': self.client_address[1]}).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer

    def read_chunks(self):
        body = b''
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def stream(self):
        self.send_response(200)
        self.send_header('Transfer-Encoding', 'chunked')
        self.end_headers()
        for i in range(3):
            self.wfile.write(b'2\r\n%d\n\r\n' % i)
            self.wfile.flush()
            self.server.next.acquire(timeout=20)
        self.wfile.write(b'0\r\n\r\n')

    def upgrade(self):
        self.send_response(101)
        self.send_header('Connection', 'Upgrade')
        self.send_header('Upgrade', self.headers['Upgrade'])
        self.end_headers()
        while data := self.connection.recv(100):
            self.connection.sendall(data.upper())
        self.close_connection = True

    def log_message(self, *_):
        pass


class EchoService(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def __init__(self, certificate, key, client_ca, port=0):
        super().__init__(('127.0.0.1', port), Handler)
        self.lock, self.seen, self.next = threading.Lock(), 0, threading.Semaphore(0)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client_ca)
        context.load_cert_chain(certificate, key)
        context.verify_mode = ssl.CERT_REQUIRED
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, *_):
        pass

    def close(self):
        self.shutdown()
        self.server_close()
