"""metav1.Status as an exception."""
import json

CODES = {'BadRequest': 400, 'Unauthorized': 401, 'Forbidden': 403, 'NotFound': 404, 'MethodNotAllowed': 405, 'NotAcceptable': 406, 'AlreadyExists': 409,
         'Conflict': 409, 'Expired': 410, 'RequestEntityTooLarge': 413, 'UnsupportedMediaType': 415, 'Invalid': 422, 'InternalError': 500,
         'ServiceUnavailable': 503, 'Timeout': 504}


class Status(Exception):
    def __init__(self, reason, message, details=None):
        super().__init__(message)
        self.reason, self.message, self.details, self.code = reason, message, details, CODES[reason]

    def body(self):
        return json.dumps({'kind': 'Status', 'apiVersion': 'v1', 'metadata': {}, 'status': 'Failure', 'message': self.message, 'reason': self.reason,
                           **({'details': self.details} if self.details else {}), 'code': self.code}).encode()


def not_found(kind, name):
    return Status('NotFound', '%s "%s" not found' % (kind.qualified(), name), {'name': name, 'group': kind.group, 'kind': kind.plural})


def invalid(kind, name, causes):
    """causes: "spec.x: Required value"."""
    qualified = '%s.%s' % (kind.kind, kind.group) if kind.group else kind.kind
    listed = causes[0] if len(causes) == 1 else '[' + ', '.join(causes) + ']'
    return Status('Invalid', '%s "%s" is invalid: %s' % (qualified, name, listed), {'name': name, 'group': kind.group, 'kind': kind.kind})


def unserved():
    return Status('NotFound', 'the server could not find the requested resource')
