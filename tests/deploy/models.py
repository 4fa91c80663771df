"""Kubernetes' own kinds, as the models of Debian's python3-kubernetes know them: unknown fields, wrong types, missing fields."""
import re

from kubernetes import client

PLAIN = {'str': (str,), 'int': (int,), 'bool': (bool,), 'float': (int, float), 'datetime': (str,), 'object': (object,)}
CONFIGURATION = client.Configuration()


def problems(item):
    """What is wrong with an object of a kind that is Kubernetes' own. None if the kind is not."""
    group, _, version = item['apiVersion'].rpartition('/')
    name = version[:1].upper() + version[1:] + item['kind']
    if '.' in group and not group.endswith('.k8s.io') or not hasattr(client, name):
        return None
    found = []
    convert(name, item, item['kind'], found)
    return found


def convert(kind, value, path, found):
    if kind.startswith('list['):
        if not isinstance(value, list):
            found.append('%s must be a list' % path)
            return []
        return [convert(kind[5:-1], each, '%s[%d]' % (path, i), found) for i, each in enumerate(value)]
    if kind.startswith('dict('):
        if not isinstance(value, dict):
            found.append('%s must be a map' % path)
            return {}
        inner = re.fullmatch(r'dict\(str, (.*)\)', kind).group(1)
        return {key: convert(inner, each, path + '.' + key, found) for key, each in value.items()}
    if kind in PLAIN:
        if not isinstance(value, PLAIN[kind]) or kind != 'bool' and kind != 'object' and isinstance(value, bool):
            found.append('%s must be of type %s, not %r' % (path, kind, value))
        return value
    return convert_model(getattr(client, kind), value, path, found)


def convert_model(model, value, path, found):
    if not isinstance(value, dict):
        found.append('%s must be an object' % path)
        return value
    names = {json: attribute for attribute, json in model.attribute_map.items()}
    arguments = {}
    for key, each in value.items():
        if key not in names:
            found.append('%s.%s is not a field of %s' % (path, key, model.__name__))
        elif each is not None:
            arguments[names[key]] = convert(model.openapi_types[names[key]], each, path + '.' + key, found)
    try:
        return model(local_vars_configuration=CONFIGURATION, **arguments)
    except ValueError as error:
        found.append('%s: %s' % (path, error))
        return value
