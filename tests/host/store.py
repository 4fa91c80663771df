"""The objects, their versions, and the events that watches follow. What is stored is never changed in place."""
import asyncio
import collections
import datetime
import json
import uuid


def now(fraction=False):
    time = datetime.datetime.now(datetime.timezone.utc)
    return time.strftime('%Y-%m-%dT%H:%M:%S.%fZ' if fraction else '%Y-%m-%dT%H:%M:%SZ')


class Event:
    """One change: `old` and `new` objects, either None."""
    __slots__ = ('revision', 'kind', 'old', 'new', 'texts')

    def __init__(self, revision, kind, old, new):
        self.revision, self.kind, self.old, self.new, self.texts = revision, kind, old, new, {}

    def text(self, how, item, api_version):
        """The line of a watch; made once for all watches."""
        text = self.texts.get((how, api_version))
        if text is None:
            item = dict(item, kind=self.kind.kind, apiVersion=api_version)
            if how == 'DELETED':
                item['metadata'] = dict(item['metadata'], resourceVersion=str(self.revision))
            text = self.texts[(how, api_version)] = watch_line(how, item)
        return text


def watch_line(how, item):
    return json.dumps({'type': how, 'object': item}, separators=(',', ':')).encode() + b'\n'


class Expired(Exception):
    pass


class Store:
    """Objects by (group, plural) and (namespace, name). `window`: how many events are kept for watches that come back."""

    def __init__(self, window=20000):
        self.window = window
        self.revision = 1000
        self.objects = collections.defaultdict(dict)
        self.events = collections.deque()
        self.compacted = self.revision  # Watches from before this are too old.
        self.changed = asyncio.Event()
        self.listeners = []  # Called with each Event, at once.

    def get(self, kind, namespace, name):
        return self.objects[kind.key].get((namespace, name))

    def all(self, kind, namespace=''):
        """Objects by name; of all namespaces if ''."""
        return [item for key, item in sorted(self.objects[kind.key].items()) if not namespace or key[0] == namespace]

    def put(self, kind, new):
        """Stores an object and returns it as stored, with its resourceVersion."""
        key = (new['metadata'].get('namespace', ''), new['metadata']['name'])
        old = self.objects[kind.key].get(key)
        self.revision += 1
        new = dict(new, metadata=dict(new['metadata'], resourceVersion=str(self.revision)))
        self.objects[kind.key][key] = new
        self.announce(Event(self.revision, kind, old, new))
        return new

    def remove(self, kind, item):
        del self.objects[kind.key][(item['metadata'].get('namespace', ''), item['metadata']['name'])]
        self.revision += 1
        self.announce(Event(self.revision, kind, item, None))

    def announce(self, event):
        self.events.append(event)
        while len(self.events) > self.window:
            self.compacted = self.events.popleft().revision
        for listener in self.listeners:
            listener(event)
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()

    def compact(self):
        """Forgets all events: watches that come back must list again."""
        self.events.clear()
        self.compacted = self.revision

    def since(self, revision):
        """The events after `revision`. Errors: Expired."""
        if revision < self.compacted:
            raise Expired('too old resource version: %d (%d)' % (revision, self.compacted))
        found = []
        for event in reversed(self.events):
            if event.revision <= revision:
                break
            found.append(event)
        return found[::-1]


def fresh_metadata(metadata):
    """That of a new object."""
    return dict(metadata, uid=str(uuid.uuid4()), creationTimestamp=now(), generation=1)
