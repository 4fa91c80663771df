"""HTTP/1.1 on asyncio streams as Go's net/http speaks it: what it accepts, what it refuses, and how it writes a request again."""
import asyncio
import re
import urllib.parse

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
MAX_HEAD = 1 << 20
HOP_BY_HOP = {'connection', 'proxy-connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade'}


class BadMessage(Exception):
    """What the peer sent is not to be answered but with `code`; the connection ends."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class ConnectionEnded(Exception):
    """The peer went, or must be cut off: nothing that could be answered."""


class Headers:
    """Header fields in order; names without regard to case, values as latin-1 text."""

    def __init__(self, fields=()):
        self.fields = list(fields)

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    def remove(self, name):
        self.fields = [(key, value) for key, value in self.fields if key.lower() != name.lower()]

    def remove_prefix(self, prefix):
        self.fields = [(key, value) for key, value in self.fields if not key.lower().startswith(prefix.lower())]

    def add(self, name, value):
        self.fields.append((name, value))

    def set(self, name, value):
        self.remove(name)
        self.add(name, value)

    def encode(self):
        return b''.join(b'%s: %s\r\n' % (name.encode('latin-1'), value.encode('latin-1')) for name, value in self.fields)


def parse_fields(lines):
    fields = []
    for line in lines:
        if line[:1] in (b' ', b'\t'):
            # Go joins folded lines, so they never reach what is behind it.
            if not fields:
                raise BadMessage(400, 'malformed header')
            fields[-1] = (fields[-1][0], fields[-1][1] + ' ' + line.strip().decode('latin-1'))
            continue
        name, colon, value = line.partition(b':')
        if not colon or not TOKEN.fullmatch(name):
            raise BadMessage(400, 'malformed header')
        value = value.strip(b' \t')
        if any(byte < 0x20 and byte != 9 or byte == 0x7f for byte in value):
            raise BadMessage(400, 'invalid header value')
        fields.append((name.decode('ascii'), value.decode('latin-1')))
    return Headers(fields)


def framing(headers):
    """'chunked', or the length of the body."""
    encodings = headers.all('Transfer-Encoding')
    if encodings:
        if len(encodings) > 1 or encodings[0].lower() != 'chunked':
            raise BadMessage(501, 'Unsupported transfer encoding')
        headers.remove('Content-Length')
        return 'chunked'
    lengths = set(headers.all('Content-Length'))
    if not lengths:
        return 0
    if len(lengths) > 1 or not re.fullmatch('[0-9]{1,18}', *lengths):
        raise BadMessage(400, 'bad Content-Length')
    headers.set('Content-Length', *lengths)
    return int(*lengths)


async def read_head(reader):
    """The lines of a head, or None if the peer ended the connection in order."""
    try:
        head = await reader.readuntil(b'\r\n\r\n')
    except asyncio.IncompleteReadError as error:
        if error.partial.strip():
            raise ConnectionEnded() from error
        return None
    except asyncio.LimitOverrunError as error:
        raise BadMessage(431, 'Request Header Fields Too Large') from error
    return head[:-4].split(b'\r\n')


class Body:
    """The bytes of a message's body, once, as they come."""

    def __init__(self, reader, length):
        self.reader = reader
        self.length = length  # Bytes that are left, 'chunked', or 'close': until the connection ends.
        self.chunk = 0
        self.ended = length == 0

    async def read(self):
        """Some bytes; b'' at the end."""
        if self.ended:
            return b''
        if self.length == 'close':
            data = await self.reader.read(65536)
            self.ended = not data
            return data
        if self.length == 'chunked' and self.chunk == 0 and not await self.next_chunk():
            return b''
        data = await self.reader.read(min(65536, self.chunk if self.length == 'chunked' else self.length))
        if not data:
            raise ConnectionEnded()
        if self.length == 'chunked':
            self.chunk -= len(data)
            if self.chunk == 0:
                await self.line()
        else:
            self.length -= len(data)
            self.ended = self.length == 0
        return data

    async def line(self):
        try:
            return (await self.reader.readuntil(b'\r\n'))[:-2]
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise ConnectionEnded() from error

    async def next_chunk(self):
        size = (await self.line()).partition(b';')[0].strip()
        if not re.fullmatch(b'[0-9a-fA-F]{1,15}', size):
            raise BadMessage(400, 'malformed chunked encoding')
        self.chunk = int(size, 16)
        if self.chunk == 0:
            while await self.line():
                pass
            self.ended = True
        return self.chunk > 0

    async def whole(self, limit):
        """All of it, or None if it is longer than `limit`."""
        data = bytearray()
        while True:
            part = await self.read()
            if not part:
                return bytes(data)
            data += part
            if len(data) > limit:
                return None


def unescape_path(raw):
    """As Go's url.Parse: bytes of a path. Errors: BadMessage."""
    if re.search(rb'%(?![0-9a-fA-F]{2})', raw):
        raise BadMessage(400, 'malformed target')
    return urllib.parse.unquote_to_bytes(raw)


def escape_path(path):
    """As Go's URL.EscapedPath of a Path without a RawPath."""
    return urllib.parse.quote(path, safe="/$&+,:;=@-_.~")


def parse_query(raw):
    """As Go's URL.Query(): {key: [values]}; what cannot be read is left out."""
    query = {}
    for part in raw.split('&'):
        if not part or ';' in part or re.search('%(?![0-9a-fA-F]{2})', part):
            continue
        key, _, value = part.partition('=')
        unquote = lambda text: urllib.parse.unquote_plus(text, errors='surrogateescape')
        query.setdefault(unquote(key), []).append(unquote(value))
    return query


def encode_query(query):
    """As Go's Values.Encode()."""
    quote = lambda text: urllib.parse.quote_plus(text, safe='', errors='surrogateescape')
    return '&'.join(quote(key) + '=' + quote(value) for key in sorted(query) for value in query[key])


class Request:
    """One request. `path` is decoded; `query` too, a list of values for each key."""

    def __init__(self, lines, reader):
        parts = lines[0].split(b' ')
        if len(parts) != 3 or not TOKEN.fullmatch(parts[0]) or parts[2] not in (b'HTTP/1.1', b'HTTP/1.0'):
            raise BadMessage(400, 'malformed request line')
        self.method = parts[0].decode('ascii')
        self.version = parts[2]
        self.headers = parse_fields(lines[1:])
        target = parts[1]
        if re.match(rb'https?://', target, re.IGNORECASE):
            target = b'/' + target.partition(b'://')[2].partition(b'/')[2]
        if not target.startswith(b'/') or any(byte <= 0x20 or byte == 0x7f for byte in target):
            raise BadMessage(400, 'malformed target')
        raw_path, _, raw_query = target.partition(b'?')
        self.path = unescape_path(raw_path).decode('utf-8', 'surrogateescape')
        self.query = parse_query(raw_query.decode('latin-1'))
        if len(self.headers.all('Host')) != 1 and self.version == b'HTTP/1.1':
            raise BadMessage(400, 'one Host header is required')
        length = framing(self.headers)
        self.body = Body(reader, length)
        connection = ','.join(self.headers.all('Connection')).lower()
        self.keep_alive = self.version == b'HTTP/1.1' and 'close' not in connection
        self.upgrade = self.headers.get('Upgrade') if 'upgrade' in connection else None

    def first(self, key, default=''):
        values = self.query.get(key)
        return values[0] if values else default


REASONS = {101: 'Switching Protocols', 200: 'OK', 201: 'Created', 202: 'Accepted', 304: 'Not Modified', 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden',
           404: 'Not Found', 405: 'Method Not Allowed', 406: 'Not Acceptable', 409: 'Conflict', 410: 'Gone', 413: 'Request Entity Too Large',
           415: 'Unsupported Media Type', 422: 'Unprocessable Entity', 429: 'Too Many Requests', 431: 'Request Header Fields Too Large',
           500: 'Internal Server Error', 501: 'Not Implemented', 502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Timeout'}


class Exchange:
    """A request and the way its answer goes."""

    def __init__(self, request, reader, writer):
        self.request = request
        self.reader = reader
        self.writer = writer
        self.peer = writer.get_extra_info('peername')
        self.headers = Headers()  # Of the answer, besides those of respond() and start().
        self.code = None
        self.streaming = False

    def gone(self):
        return self.writer.is_closing() or self.reader.at_eof()

    def head(self, code, headers):
        self.code = code
        fields = Headers(self.headers.fields + list(headers))
        if not self.request.keep_alive:
            fields.add('Connection', 'close')
        self.writer.write(b'HTTP/1.1 %d %s\r\n' % (code, REASONS.get(code, 'Status').encode()) + fields.encode() + b'\r\n')

    async def respond(self, code, body, content_type='application/json', headers=()):
        self.head(code, [('Content-Type', content_type), ('Content-Length', str(len(body))), *headers])
        if self.request.method != 'HEAD':
            self.writer.write(body)
        await self.writer.drain()

    async def start(self, code, headers, length=None):
        """A streamed answer; of unknown length unless `length` says."""
        self.streaming = length is None and self.request.version == b'HTTP/1.1'
        if length is None and not self.streaming:
            self.request.keep_alive = False
        self.head(code, [*headers, *([('Transfer-Encoding', 'chunked')] if self.streaming else []), *([('Content-Length', str(length))] if length is not None else [])])
        await self.writer.drain()

    async def write(self, data):
        if self.request.method == 'HEAD' or not data:
            return
        self.writer.write(b'%x\r\n%s\r\n' % (len(data), data) if self.streaming else data)
        await self.writer.drain()

    async def finish(self):
        if self.streaming and self.request.method != 'HEAD':
            self.writer.write(b'0\r\n\r\n')
        await self.writer.drain()

    async def unless_gone(self, work):
        """What `work` gives; ends it when the client goes."""
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=0.3))[0]:
                if self.gone():
                    raise ConnectionEnded()
            return task.result()
        finally:
            task.cancel()


async def serve_connection(handler, reader, writer):
    """Requests of one connection, one after the other; `handler(exchange)` answers each."""
    try:
        while True:
            try:
                lines = await read_head(reader)
                if lines is None:
                    break
                request = Request(lines, reader)
            except BadMessage as error:
                writer.write(b'HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n%d %s' %
                             (error.code, REASONS[error.code].encode(), error.code, str(error).encode()))
                await writer.drain()
                break
            if request.headers.get('Expect', '').lower() == '100-continue':
                writer.write(b'HTTP/1.1 100 Continue\r\n\r\n')
            exchange = Exchange(request, reader, writer)
            await handler(exchange)
            if not request.keep_alive or exchange.code == 101 or await request.body.whole(1 << 18) is None:
                break
    except (ConnectionEnded, BadMessage, ConnectionError, TimeoutError, OSError):
        pass
    finally:
        writer.close()
