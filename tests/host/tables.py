"""Tables for kubectl: name and age, and the columns of CustomResourceDefinitions whose paths are simple."""
import datetime
import re

SIMPLE = re.compile(r'\.([A-Za-z0-9_-]+)(?:\[\?\(@\.([A-Za-z]+)\s*==\s*["\']([^"\']*)["\']\)\])?')


def is_wanted(request):
    return 'as=Table' in request.headers.get('Accept', '')


def value_at(item, path):
    for key, member, wanted in SIMPLE.findall(path.strip('{}')):
        item = item.get(key) if isinstance(item, dict) else None
        if member:
            item = next((entry for entry in item or () if entry.get(member) == wanted), None)
    return item


def age(time):
    try:
        then = datetime.datetime.strptime(time, '%Y-%m-%dT%H:%M:%SZ').replace(tzinfo=datetime.timezone.utc)
    except (TypeError, ValueError):
        return '<unknown>'
    seconds = max(0, int((datetime.datetime.now(datetime.timezone.utc) - then).total_seconds()))
    return '%ds' % seconds if seconds < 120 else '%dm' % (seconds // 60) if seconds < 7200 else '%dh' % (seconds // 3600)


def table(kind, version, items, metadata):
    columns = [column for column in kind.columns(version)] or [{'name': 'Age', 'type': 'date', 'jsonPath': '.metadata.creationTimestamp'}]
    definitions = [{'name': 'Name', 'type': 'string', 'format': 'name', 'description': '', 'priority': 0}]
    definitions += [{'name': column['name'], 'type': column['type'], 'format': '', 'description': column.get('description', ''), 'priority': column.get('priority', 0)}
                    for column in columns]
    rows = []
    for item in items:
        values = [value_at(item, column['jsonPath']) for column in columns]
        cells = [age(value) if column['type'] == 'date' else value for column, value in zip(columns, values)]
        rows.append({'cells': [item['metadata']['name'], *cells], 'object': {'kind': 'PartialObjectMetadata', 'apiVersion': 'meta.k8s.io/v1', 'metadata': item['metadata']}})
    return {'kind': 'Table', 'apiVersion': 'meta.k8s.io/v1', 'metadata': {'resourceVersion': metadata.get('resourceVersion', ''), **{
        key: metadata[key] for key in ('continue', 'remainingItemCount') if key in metadata}}, 'columnDefinitions': definitions, 'rows': rows}
