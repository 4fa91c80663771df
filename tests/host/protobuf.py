"""Kubernetes' protobuf form of the few objects that kubectl creates by typed clients, as it is read. Source: the generated.proto files of k8s.io/api."""
import base64

MAGIC = b'k8s\0'
# Message: {number: (member, type)}. Types: 'text', 'bytes', 'number', 'map' (of texts), 'bytes map', or a message; with '*' in front a list of them.
MESSAGES = {
    'Unknown': {1: ('typeMeta', 'TypeMeta'), 2: ('raw', 'bytes')},
    'TypeMeta': {1: ('apiVersion', 'text'), 2: ('kind', 'text')},
    'ObjectMeta': {1: ('name', 'text'), 2: ('generateName', 'text'), 3: ('namespace', 'text'), 11: ('labels', 'map'), 12: ('annotations', 'map')},
    'Namespace': {1: ('metadata', 'ObjectMeta')},
    'ServiceAccount': {1: ('metadata', 'ObjectMeta')},
    'ConfigMap': {1: ('metadata', 'ObjectMeta'), 2: ('data', 'map')},
    'Secret': {1: ('metadata', 'ObjectMeta'), 2: ('data', 'bytes map'), 3: ('type', 'text'), 4: ('stringData', 'map')},
    'Role': {1: ('metadata', 'ObjectMeta'), 2: ('rules', '*PolicyRule')},
    'PolicyRule': {1: ('verbs', '*text'), 2: ('apiGroups', '*text'), 3: ('resources', '*text'), 4: ('resourceNames', '*text'), 5: ('nonResourceURLs', '*text')},
    'RoleBinding': {1: ('metadata', 'ObjectMeta'), 2: ('subjects', '*Subject'), 3: ('roleRef', 'RoleRef')},
    'Subject': {1: ('kind', 'text'), 2: ('apiGroup', 'text'), 3: ('name', 'text'), 4: ('namespace', 'text')},
    'RoleRef': {1: ('apiGroup', 'text'), 2: ('kind', 'text'), 3: ('name', 'text')},
    'SelfSubjectAccessReview': {1: ('metadata', 'ObjectMeta'), 2: ('spec', 'AccessReviewSpec')},
    'AccessReviewSpec': {1: ('resourceAttributes', 'ResourceAttributes'), 2: ('nonResourceAttributes', 'NonResourceAttributes')},
    'ResourceAttributes': {number: (name, 'text') for number, name in enumerate(('namespace', 'verb', 'group', 'version', 'resource', 'subresource', 'name'), 1)},
    'NonResourceAttributes': {1: ('path', 'text'), 2: ('verb', 'text')},
    'SelfSubjectReview': {1: ('metadata', 'ObjectMeta')},
    'TokenRequest': {1: ('metadata', 'ObjectMeta'), 2: ('spec', 'TokenRequestSpec')},
    'TokenRequestSpec': {1: ('audiences', '*text'), 4: ('expirationSeconds', 'number')},
}
MESSAGES['ClusterRole'], MESSAGES['ClusterRoleBinding'] = MESSAGES['Role'], MESSAGES['RoleBinding']


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7f) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return value, at


def fields(data):
    """(number, value) of each field: an int or bytes."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 2:
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
        else:
            raise ValueError('wire type %d' % (tag & 7))
        yield tag >> 3, value


def value_of(kind, value):
    if kind in MESSAGES:
        return message(kind, value)
    return value.decode() if kind == 'text' else value


def message(name, data):
    result = {}
    for number, value in fields(data):
        member, kind = MESSAGES[name].get(number, (None, ''))
        if member is None:
            continue
        if kind.endswith('map'):
            entry = dict(fields(value))
            text = entry.get(2, b'')
            result.setdefault(member, {})[entry[1].decode()] = base64.b64encode(text).decode() if kind == 'bytes map' else text.decode()
        elif kind.startswith('*'):
            result.setdefault(member, []).append(value_of(kind[1:], value))
        else:
            result[member] = value_of(kind, value)
    return result


def decode(body):
    """An object as JSON has it. Errors: ValueError."""
    if not body.startswith(MAGIC):
        raise ValueError('no protobuf of Kubernetes')
    try:
        envelope = message('Unknown', body[len(MAGIC):])
        item = message(envelope['typeMeta']['kind'], envelope.get('raw', b''))
    except (IndexError, KeyError, TypeError, AttributeError) as error:
        raise ValueError('unknown or broken: %r' % error) from error
    # What is empty in protobuf is absent in JSON.
    clean = lambda value: {key: clean(inner) for key, inner in value.items() if inner not in ('', None)} if isinstance(value, dict) else value
    return clean({**envelope['typeMeta'], **item})
