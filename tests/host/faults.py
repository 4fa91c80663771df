"""What the host is told to do wrong, and its count of requests."""
import asyncio
import collections
import re

from wire import ConnectionEnded


class Faults:
    """Rules are {match: expression over "METHOD /path", delay: seconds, code, drop: true, count: how often}."""

    def __init__(self):
        self.counts = collections.Counter()
        self.rules = []
        self.denied = set()
        self.resume = asyncio.Event()
        self.resume.set()

    def denies(self, user):
        return user in self.denied

    def pause(self, seconds):
        """Nothing is answered for so long."""
        self.resume.clear()
        asyncio.get_running_loop().call_later(seconds, self.resume.set)

    async def before(self, exchange):
        """Whether the request is to be answered as usual."""
        text = '%s %s' % (exchange.request.method, exchange.request.path)
        self.counts[text] += 1
        await self.resume.wait()
        for rule in self.rules:
            if rule.get('count', 1) <= 0 or not re.search(rule['match'], text):
                continue
            if 'count' in rule:
                rule['count'] -= 1
            await asyncio.sleep(rule.get('delay', 0))
            if rule.get('drop'):
                raise ConnectionEnded()
            if rule.get('code'):
                await exchange.respond(rule['code'], b'a fault', 'text/plain')
                return False
        return True
