"""JSON patch (RFC 6902), JSON merge patch (RFC 7386) and Kubernetes' strategic merge patch. What comes in is never changed."""
import copy

# By which member elements of a list of this name are told apart; other lists are replaced.
MERGE_KEYS = {'containers': ('name',), 'initContainers': ('name',), 'ephemeralContainers': ('name',), 'env': ('name',), 'volumes': ('name',), 'secrets': ('name',),
              'imagePullSecrets': ('name',), 'volumeMounts': ('mountPath',), 'ports': ('containerPort', 'port'), 'conditions': ('type',), 'ownerReferences': ('uid',),
              'hostAliases': ('ip',), 'topologySpreadConstraints': ('topologyKey',)}


class BadPatch(ValueError):
    pass


def merge(target, patch):
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def strategic(target, patch, name=''):
    if isinstance(patch, list):
        return strategic_list(target, patch, name)
    if not isinstance(patch, dict):
        return patch
    if patch.get('$patch') == 'replace':
        return {key: value for key, value in patch.items() if key != '$patch'}
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if key.startswith('$deleteFromPrimitiveList/'):
            field = key.partition('/')[2]
            result[field] = [item for item in result.get(field, []) if item not in value]
        elif key.startswith('$'):
            continue
        elif value is None:
            result.pop(key, None)
        else:
            result[key] = strategic(result.get(key), value, key)
    return result


def strategic_list(target, patch, name):
    target = target if isinstance(target, list) else []
    if name == 'finalizers':
        return target + [item for item in patch if item not in target]
    keys = [key for key in MERGE_KEYS.get(name, ()) if all(isinstance(item, dict) and key in item for item in [*target, *patch] if item != {'$patch': 'replace'})]
    if not keys or {'$patch': 'replace'} in patch:
        return [strategic(None, item) for item in patch if item != {'$patch': 'replace'}]
    key = keys[0]
    result = list(target)
    for item in patch:
        places = [i for i, old in enumerate(result) if old[key] == item[key]]
        if item.get('$patch') == 'delete':
            result = [old for old in result if old[key] != item[key]]
        elif places:
            result[places[0]] = strategic(result[places[0]], item)
        else:
            result.append(strategic(None, item))
    return result


def pointer(text):
    if text and not text.startswith('/'):
        raise BadPatch('not a JSON pointer: %r' % text)
    return [part.replace('~1', '/').replace('~0', '~') for part in text.split('/')[1:]]


def find(document, path):
    for part in path:
        try:
            document = document[int(part)] if isinstance(document, list) else document[part]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise BadPatch('no such path: /%s' % '/'.join(path)) from error
    return document


def change(document, path, operation, value=None):
    """One add, replace or remove; in place."""
    if not path:
        if operation == 'remove':
            raise BadPatch('the whole document cannot be removed')
        return value
    place, last = find(document, path[:-1]), path[-1]
    if operation != 'add':
        find(document, path)
    if isinstance(place, list):
        index = len(place) if last == '-' else int(last)
        if operation == 'add':
            place.insert(index, value)
        elif operation == 'replace':
            place[index] = value
        else:
            del place[index]
    elif not isinstance(place, dict):
        raise BadPatch('no such path: /%s' % '/'.join(path))
    elif operation == 'remove':
        del place[last]
    else:
        place[last] = value
    return document


def json_patch(target, operations):
    document = copy.deepcopy(target)
    if not isinstance(operations, list):
        raise BadPatch('a JSON patch is a list')
    for operation in operations:
        kind, path = operation.get('op'), pointer(operation.get('path', ''))
        if kind in ('add', 'replace', 'remove'):
            document = change(document, path, kind, copy.deepcopy(operation.get('value')))
        elif kind == 'test':
            if find(document, path) != operation.get('value'):
                raise BadPatch('testing path %s failed' % operation['path'])
        elif kind in ('move', 'copy'):
            source = pointer(operation.get('from', ''))
            value = copy.deepcopy(find(document, source))
            if kind == 'move':
                document = change(document, source, 'remove')
            document = change(document, path, 'add', value)
        else:
            raise BadPatch('unknown operation %r' % kind)
    return document


BY_CONTENT_TYPE = {'application/json-patch+json': json_patch, 'application/merge-patch+json': merge, 'application/strategic-merge-patch+json': strategic,
                   'application/apply-patch+yaml': strategic}
