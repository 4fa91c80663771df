"""Structural schemas of CustomResourceDefinitions: prunes what they do not name, fills in defaults, and finds what is wrong."""
import base64
import binascii
import re

TYPES = {'object': dict, 'array': list, 'string': str, 'boolean': bool}


def type_of(value):
    for name, kind in TYPES.items():
        if isinstance(value, kind):
            return name
    return 'integer' if isinstance(value, int) else 'number' if isinstance(value, float) else 'null'


def apply(schema, value, path, causes):
    """`value` as it is stored; appends to `causes` what is wrong."""
    wanted = schema.get('type')
    if schema.get('x-kubernetes-int-or-string') and isinstance(value, (int, str)):
        return value
    if value is None and schema.get('nullable'):
        return None
    found = type_of(value)
    if wanted and found != wanted and not (wanted == 'number' and found == 'integer'):
        causes.append('%s: Invalid value: "%s": %s in body must be of type %s: "%s"' % (path, found, path, wanted, found))
        return value
    if 'enum' in schema and value not in schema['enum']:
        causes.append('%s: Unsupported value: "%s"' % (path, value))
    if found == 'string':
        check_string(schema, value, path, causes)
    if found == 'array':
        if len(value) < schema.get('minItems', 0):
            causes.append('%s: Invalid value: %d: %s in body should have at least %d items' % (path, len(value), path, schema['minItems']))
        return [apply(schema.get('items', {}), item, '%s[%d]' % (path, i), causes) for i, item in enumerate(value)]
    return apply_object(schema, value, path, causes) if found == 'object' else value


def check_string(schema, value, path, causes):
    if 'pattern' in schema and not re.search(schema['pattern'], value):
        causes.append('%s: Invalid value: "%s": %s in body should match %r' % (path, value, path, schema['pattern']))
    if len(value) > schema.get('maxLength', 1 << 30) or len(value) < schema.get('minLength', 0):
        causes.append('%s: Invalid value: "%s": its length is out of range' % (path, value[:50]))
    if schema.get('format') == 'byte':
        try:
            base64.b64decode(value, validate=True)
        except binascii.Error:
            causes.append('%s: Invalid value: "%s": %s in body must be of type byte' % (path, value[:50], path))


def apply_object(schema, value, path, causes):
    properties = schema.get('properties', {})
    others = schema.get('additionalProperties')
    keep = schema.get('x-kubernetes-preserve-unknown-fields') or others is True or not schema
    result = {}
    for key, item in value.items():
        below = path + '.' + key if path else key
        if not path and key in ('apiVersion', 'kind', 'metadata'):
            result[key] = item
        elif key in properties:
            if item is None and not properties[key].get('nullable'):
                continue
            result[key] = apply(properties[key], item, below, causes)
        elif isinstance(others, dict):
            result[key] = apply(others, item, below, causes)
        elif keep:
            result[key] = item
    for key, inner in properties.items():
        if key not in result and 'default' in inner:
            result[key] = inner['default']
    for key in schema.get('required', ()):
        if key not in result:
            causes.append('%s: Required value' % (path + '.' + key if path else key))
    return result
