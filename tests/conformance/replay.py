"""Replays recorded requests of Clusterpedia and kube-apiserver against pedia and compares the answers.

A recording (testdata/conformance/recordings/*.jsonl) is one request and the answer it got. expect.tsv gives its mode: `exact`, `differs`
(pedia is better on purpose; the column of claims says how) or `skip`. What does not count: null and empty members, managedFields,
resourceVersions of lists, apiVersion and kind inside list items, the order of items unless an order was asked for (then the ordered values
must stand in the same sequence), the order of injected events, ages in Tables.
"""
import gzip
import json
import os
import re
import urllib.parse

RESOURCES = '/apis/clusterpedia.io/v1beta1/resources'
PREFIX = 'shadow.clusterpedia.io/'
EVENTS = PREFIX + 'events'
IGNORED_KEYS = {'selfLink', 'managedFields', 'serverAddressByClientCIDRs', 'storageVersionHash', 'kubectl.kubernetes.io/last-applied-configuration'}
EMPTY = (None, '', [], {})
AGE = r'(?:\d+[ydhms])+'


def events_in(text):
    """The events that an annotation holds, in an order of their own."""
    return sorted(json.loads(text), key=lambda event: event['metadata']['name'])


def essence(value):
    """`value` without what does not count."""
    if isinstance(value, list):
        return [essence(element) for element in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, member in value.items():
        member = essence(events_in(member) if key == EVENTS and isinstance(member, str) else member)
        if key not in IGNORED_KEYS and member not in EMPTY:
            kept[key] = member
    return kept


def metadata(item):
    return item.get('metadata') or {}


def annotation(item, name, default=''):
    return (metadata(item).get('annotations') or {}).get(PREFIX + name, default)


def cluster(item):
    return annotation(item, 'cluster-name')


def identity(item):
    return '/'.join((cluster(item), metadata(item).get('namespace') or '', metadata(item).get('name') or ''))


def is_collection(document):
    return document.get('kind') == 'CollectionResource'


def paging(document):
    """What carries continue and remainingItemCount."""
    return document if is_collection(document) else metadata(document)


def order_of(query):
    """The names that a request orders by, without their directions."""
    in_labels = re.search(r'search\.clusterpedia\.io/orderby\s*(?:==?\s*([^,]+)|in\s*\(([^)]*)\))', query.get('labelSelector', ''))
    terms = (in_labels[1] or in_labels[2]) if in_labels else query.get('orderby', '')
    return [re.sub(r'(_desc|\s+(?:asc|desc))$', '', term.strip(), flags=re.IGNORECASE) for term in terms.split(',') if term.strip()]


def ordered_value(item, name):
    if name == 'cluster':
        return cluster(item)
    return metadata(item).get({'created_at': 'creationTimestamp', 'resource_version': 'resourceVersion'}.get(name, name)) or ''


def items_of(document):
    if document.get('kind') == 'Table':
        return [row.get('object') or {} for row in document.get('rows') or []]
    return document.get('items') or []


def without_age(cell):
    """'5m' -> '<age>', '3 (2m ago)' -> '3 (<age> ago)', '9m (x3 over 10m)' -> '<age> (x3 over <age>)'."""
    if not isinstance(cell, str):
        return cell
    if cell == '<invalid>' or re.fullmatch(AGE, cell):
        return '<age>'
    cell = re.sub(r'\(%s ago\)' % AGE, '(<age> ago)', cell)
    return re.sub(r'^%s \(x(\d+) over %s\)' % (AGE, AGE), r'<age> (x\1 over <age>)', cell)


def cells_of(table):
    return [[without_age(cell) for cell in row.get('cells') or []] for row in table.get('rows') or []]


def columns_of(table):
    return [(c['name'], c.get('type'), c.get('format') or '', c.get('priority') or 0) for c in table.get('columnDefinitions') or []]


def differences(want, have, path='answer'):
    """Texts that say where two JSON values differ."""
    if isinstance(want, dict) and isinstance(have, dict):
        for key in sorted(want.keys() | have.keys()):
            if key not in want:
                yield '%s.%s should not be there: %.100r' % (path, key, have[key])
            elif key not in have:
                yield '%s.%s is missing: %.100r' % (path, key, want[key])
            else:
                yield from differences(want[key], have[key], path + '.' + key)
    elif isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        for index, pair in enumerate(zip(want, have)):
            yield from differences(*pair, '%s[%d]' % (path, index))
    elif want != have:
        yield '%s: want %.160r, have %.160r' % (path, want, have)


def compare_as_sets(want, have, what):
    for found, word in (([x for x in want if x not in have], 'missing'), ([x for x in have if x not in want], 'unexpected')):
        if found:
            yield '%d %s %s: %.300s' % (len(found), word, what, '; '.join(map(str, found[:3])))


class Case:
    """One recording with its expectation."""

    def __init__(self, recording, mode, claims):
        self.recording, self.mode, self.claims = recording, mode, claims
        self.name = recording['name']
        # What kube-apiserver answered is what pedia must answer below the cluster's path, plus the cluster.
        self.from_member = recording['target'] == 'kas'
        self.forwarding = recording['target'] == 'cp-gates'  # Recorded with requests to members switched on.
        self.path = (RESOURCES + '/clusters/cluster-1' if self.from_member else '') + recording['path']
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query, keep_blank_values=True))
        self.asks_continue = query.get('withContinue') == 'true' or 'with-continue=true' in query.get('labelSelector', '')
        self.only_metadata = query.get('onlyMetadata') == 'true'
        self.order = order_of(query)

    def check(self, send):
        """Texts of what is wrong. `send(method, path, headers)` gives (status, headers, body bytes)."""
        status, headers, body = send(self.recording['method'], self.path, self.recording['headers'])
        if headers.get('Content-Encoding') == 'gzip':
            body = gzip.decompress(body)
        text = body.decode('utf-8', 'replace')
        try:
            if self.mode == 'exact':
                return list(self.exact(status, headers, text))
            return list(self.claimed(status, headers, text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return ['malformed answer (%r): %.200s' % (error, text)]

    def exact(self, status, headers, text):
        recording = self.recording
        if status != recording['status']:
            yield 'status: want %d, have %d: %.200s' % (recording['status'], status, text)
            return
        for name in ('Content-Type', 'Warning', 'Location', 'Allow'):
            if name in recording['responseHeaders']:
                want, have = recording['responseHeaders'][name], headers.get(name) or ''
                if name == 'Content-Type':
                    want, have = want.split(';')[0], have.split(';')[0]
                yield from differences(want, have, name)
        if 'body' not in recording:
            yield from differences(recording.get('bodyText', '').strip(), text.strip())
            return
        want, have = recording['body'], json.loads(text)
        for field in ('kind', 'apiVersion'):
            if want.get(field):
                yield from differences(want[field], have.get(field), field)
        yield from self.compare_documents(want, have)

    def compare_documents(self, want, have):
        kind = want.get('kind')
        if kind == 'APIResourceList':
            yield from compare_resource_lists(want, have)
        elif kind == 'APIGroupList':
            yield from differences({g['name']: essence(g) for g in want.get('groups') or []}, {g['name']: essence(g) for g in have.get('groups') or []})
        elif kind == 'Table':
            yield from self.compare_tables(want, have)
            yield from self.compare_lists(want, have)
        elif 'items' in want:
            yield from self.compare_lists(want, have)
        elif self.from_member and kind != 'Status':
            yield from self.compare_items([want], [have])
        else:
            yield from differences(essence(want), essence({k: v for k, v in have.items() if k in want or k != 'apiVersion'}))

    def compare_tables(self, want, have):
        lead_columns, lead_cells = ([('Cluster', 'string', '', 0)], ['cluster-1']) if self.from_member else ([], [])
        yield from differences(lead_columns + columns_of(want), columns_of(have), 'columns')
        yield from compare_as_sets([lead_cells + row for row in cells_of(want)], cells_of(have), 'rows')

    def compare_lists(self, want, have):
        yield from self.compare_items(items_of(want), items_of(have), with_kind=is_collection(want))
        yield from self.compare_order(items_of(want), items_of(have))
        if is_collection(want):
            yield from compare_as_sets(*([essence(t) for t in document.get('resourceTypes') or []] for document in (want, have)), 'resourceTypes')
        wanted, found = paging(want), paging(have)
        if self.asks_continue and bool(wanted.get('continue')) != bool(found.get('continue')):
            yield 'continue: want %r, have %r' % (wanted.get('continue'), found.get('continue'))
        if not self.from_member:
            yield from differences(wanted.get('remainingItemCount') or 0, found.get('remainingItemCount') or 0, 'remainingItemCount')
        if not isinstance(have.get('rows' if have.get('kind') == 'Table' else 'items'), list):
            yield 'items or rows must be a list, even when there are none'

    def compare_order(self, want, have):
        wanted, found = ([[ordered_value(item, name) for name in self.order] for item in items] for items in (want, have))
        if wanted != found and sorted(wanted) == sorted(found):
            yield 'order by %s: want %.160r, have %.160r' % (self.order, wanted, found)

    def compare_items(self, want, have, with_kind=False):
        def by_identity(items):
            found = {}
            for item in items:
                flat = essence({k: v for k, v in item.items() if k == 'metadata' or (k not in ('kind', 'apiVersion') and not self.only_metadata)})
                if self.from_member:
                    metadata(flat).get('annotations', {}).pop(PREFIX + 'cluster-name', None)
                    flat = essence(flat)
                found[identity(flat) + ('/' + item.get('kind', '') if with_kind else '')] = flat
            return found
        wanted, found = by_identity(want), by_identity(have)
        yield from compare_as_sets(list(wanted), list(found), 'items')
        if len(want) != len(have):
            yield 'number of items: want %d, have %d' % (len(want), len(have))
        for key in sorted(wanted.keys() & found.keys()):
            yield from differences(wanted[key], found[key], key)

    def claimed(self, status, headers, text):
        document = json.loads(text) if text.startswith('{') else {}
        identities = [identity(item) for item in items_of(document)]
        groups = {group['name']: group for group in document.get('groups') or ([document] if document.get('kind') == 'APIGroup' else [])}
        have = {
            'contentType': lambda: (headers.get('Content-Type') or '').split(';')[0],
            'kind': lambda: document.get('kind'),
            'reason': lambda: document.get('reason'),
            'keys': lambda: sorted(identities),
            'ordered': lambda: identities,
            'count': lambda: len(identities),
            'continue': lambda: bool(paging(document).get('continue')),
            'remaining': lambda: paging(document).get('remainingItemCount') or 0,
            'events': lambda: sorted(event['metadata']['name'] for item in items_of(document) for event in events_in(annotation(item, 'events', '[]'))),
            'columns': lambda: [column[0] for column in columns_of(document)],
            'rows': lambda: sorted(map(str, cells_of(document))),
            'groups': lambda: {name: [v['version'] for v in group['versions']] for name, group in groups.items()},
            'preferred': lambda: {name: group['preferredVersion']['version'] for name, group in groups.items()},
            'discovery': lambda: {metadata(group).get('name', ''): {v['version']: sorted(r['resource'] for r in v.get('resources') or [])
                                                                     for v in group['versions']} for group in items_of(document)},
        }
        for claim, want in self.claims.items():
            if claim == 'status':
                if status not in (want if isinstance(want, list) else [want]):
                    yield 'status: want %r, have %d: %.200s' % (want, status, text)
            elif claim == 'recorded':
                yield from self.exact(status, headers, text)
            elif claim == 'message':
                if want.lower() not in str(document.get('message')).lower():
                    yield 'message: want %r in %r' % (want, document.get('message'))
            elif claim == 'contains':
                yield from ('%r is not in the answer: %.200s' % (part, text) for part in want if part not in text)
            elif claim == 'absent':
                yield from ('%r is in the answer' % part for part in want if part in text)
            elif claim == 'emptyLists':
                yield from ('%s: want [], have %.100r' % (field, document.get(field)) for field in want if document.get(field) != [])
            elif claim == 'fields':
                yield from differences(want, {key: document.get(key) for key in want})
            elif claim in have:
                want = sorted(map(str, want)) if claim == 'rows' else sorted(want) if claim == 'keys' else want
                yield from differences(want, have[claim](), claim)
            else:
                yield 'the claim %r is not known' % claim


def compare_resource_lists(want, have):
    wanted, found = ({r['name']: r for r in document.get('resources') or []} for document in (want, have))
    yield from differences(want.get('groupVersion'), have.get('groupVersion'), 'groupVersion')
    yield from compare_as_sets(list(wanted), list(found), 'resources')
    for name in sorted(wanted.keys() & found.keys()):
        for field in ('kind', 'namespaced', 'singularName', 'shortNames', 'categories'):
            if wanted[name].get(field) not in EMPTY:
                yield from differences(wanted[name][field], found[name].get(field), name + '.' + field)
        yield from differences(sorted(wanted[name]['verbs']), sorted(set(found[name]['verbs']) - {'watch'}), name + '.verbs')


def load_cases(folder, prefixes=()):
    recordings = {}
    for file in sorted(os.listdir(os.path.join(folder, 'recordings'))):
        with open(os.path.join(folder, 'recordings', file), encoding='utf-8') as lines:
            for line in lines:
                recording = json.loads(line)
                recordings[recording['name']] = recording
    cases = []
    with open(os.path.join(folder, 'expect.tsv'), encoding='utf-8') as lines:
        for line in lines:
            name, mode, claims = line.rstrip('\n').split('\t')[:3]
            if name in recordings and (not prefixes or name.startswith(tuple(prefixes))):
                cases.append(Case(recordings[name], mode, json.loads(claims or '{}')))
    return cases
