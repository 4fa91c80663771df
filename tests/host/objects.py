"""What may be done with stored objects: the rules of create, update, patch and delete, and what they bring about in other objects."""
import base64
import copy
import random
import re
import string

import kinds as known
import patches
import schema as schemas
from status import Status, invalid, not_found
from store import Store, fresh_metadata, now

NAME = re.compile(r'[a-z0-9]([-a-z0-9.]*[a-z0-9])?')
# Names of these may hold what is no DNS name: "system:node".
FREE_NAMES = ('roles', 'rolebindings', 'clusterroles', 'clusterrolebindings')
SET_BY_SERVER = ('uid', 'creationTimestamp', 'generation', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink')


class Objects:
    """The Store under the rules of an API server."""

    def __init__(self, window=20000):
        self.store = Store(window)
        self.kinds = known.built_in()

    def kind(self, group, version, plural):
        kind = self.kinds.get((group, plural))
        # Events are one collection in two groups.
        return kind if kind and version in kind.versions else None

    def create(self, kind, version, namespace, item):
        metadata = dict(item.get('metadata') or {})
        if not metadata.get('name') and metadata.get('generateName'):
            metadata['name'] = metadata['generateName'] + ''.join(random.choices(string.ascii_lowercase + string.digits, k=5))
        name = metadata.get('name') or ''
        self.check_name(kind, namespace, metadata, name)
        if kind.namespaced:
            metadata['namespace'] = namespace
            self.require_namespace(namespace)
        else:
            metadata.pop('namespace', None)
        if self.store.get(kind, namespace if kind.namespaced else '', name):
            raise Status('AlreadyExists', '%s "%s" already exists' % (kind.qualified(), name), {'name': name, 'group': kind.group, 'kind': kind.plural})
        for key in (*SET_BY_SERVER, 'resourceVersion', 'managedFields'):
            metadata.pop(key, None)
        item = dict(item, metadata=fresh_metadata(metadata))
        if kind.status:
            item.pop('status', None)
        return self.stored(kind, self.checked(kind, version, item), None)

    @staticmethod
    def check_name(kind, namespace, metadata, name):
        if not name:
            raise invalid(kind, '', ['metadata.name: Required value: name or generateName is required'])
        if len(name) > 253 or (not NAME.fullmatch(name) if kind.plural not in FREE_NAMES else re.search('[/%]', name)):
            raise invalid(kind, name, ['metadata.name: Invalid value: "%s": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '
                                       "'-' or '.', and must start and end with an alphanumeric character" % name])
        if kind.namespaced and metadata.get('namespace', namespace) != namespace:
            raise Status('BadRequest', 'the namespace of the provided object does not match the namespace sent on the request')

    def require_namespace(self, namespace):
        found = self.store.get(self.kinds[('', 'namespaces')], '', namespace)
        if found is None:
            raise not_found(self.kinds[('', 'namespaces')], namespace)

    def checked(self, kind, version, item):
        """`item` as it is stored."""
        item = dict(item, kind=kind.kind, apiVersion=known.join_group_version(kind.group, version))
        causes = []
        schema = kind.schema(version)
        if schema:
            item = schemas.apply(schema, item, '', causes)
        if kind.key == ('', 'secrets') and item.get('stringData'):
            data = {key: base64.b64encode(value.encode()).decode() for key, value in item.pop('stringData').items()}
            item['data'] = {**item.get('data', {}), **data}
        if kind.key == ('apiextensions.k8s.io', 'customresourcedefinitions') and item['metadata']['name'] != '%s.%s' % (
                item.get('spec', {}).get('names', {}).get('plural'), item.get('spec', {}).get('group')):
            causes.append('metadata.name: Invalid value: "%s": must be spec.names.plural+"."+spec.group' % item['metadata']['name'])
        if causes:
            raise invalid(kind, item['metadata']['name'], causes)
        return item

    def stored(self, kind, item, old):
        item = self.store.put(kind, item)
        after = {('', 'namespaces'): self.namespace_stored, ('apiextensions.k8s.io', 'customresourcedefinitions'): self.definition_stored}.get(kind.key)
        if after:
            after(item, old)
            item = self.store.get(kind, item['metadata'].get('namespace', ''), item['metadata']['name']) or item
        return item

    def namespace_stored(self, item, old):
        if old is None:
            name = item['metadata']['name']
            self.store.put(self.kinds[('', 'namespaces')], dict(item, metadata=dict(item['metadata'], labels={
                **item['metadata'].get('labels', {}), 'kubernetes.io/metadata.name': name}), status={'phase': 'Active'}))
            self.create(self.kinds[('', 'serviceaccounts')], 'v1', name, {'metadata': {'name': 'default'}})

    def definition_stored(self, item, old):
        kind = known.custom(item)
        self.kinds[kind.key] = kind
        if old is None or 'status' not in item:
            conditions = [{'type': name, 'status': 'True', 'reason': reason, 'message': '', 'lastTransitionTime': now()}
                          for name, reason in (('NamesAccepted', 'NoConflicts'), ('Established', 'InitialNamesAccepted'))]
            names = {'listKind': kind.kind + 'List', 'singular': kind.singular, **item['spec']['names']}
            status = {'conditions': conditions, 'acceptedNames': names, 'storedVersions': [v['name'] for v in item['spec']['versions'] if v.get('storage')]}
            self.store.put(self.kinds[('apiextensions.k8s.io', 'customresourcedefinitions')], dict(item, status=status))

    def update(self, kind, version, old, new, subresource):
        """Replaces `old` by what a client made of it; a new resourceVersion only if something differs."""
        metadata, name = dict(new.get('metadata') or {}), old['metadata']['name']
        wanted = metadata.pop('resourceVersion', None)
        if wanted and wanted != old['metadata']['resourceVersion']:
            raise Status('Conflict', 'Operation cannot be fulfilled on %s "%s": the object has been modified; please apply your changes to the latest version and '
                         'try again' % (kind.qualified(), name), {'name': name, 'group': kind.group, 'kind': kind.plural})
        if metadata.get('uid', old['metadata']['uid']) != old['metadata']['uid']:
            raise Status('Conflict', 'Precondition failed: UID in precondition: %s, UID in object meta: %s' % (metadata['uid'], old['metadata']['uid']))
        if metadata.get('name', name) != name or metadata.get('namespace', old['metadata'].get('namespace', '')) != old['metadata'].get('namespace', ''):
            raise Status('BadRequest', 'the name of the object (%s) does not match the name on the URL (%s)' % (metadata.get('name'), name))
        if subresource == 'status':
            new = {**old, 'status': new['status']} if 'status' in new else {key: value for key, value in old.items() if key != 'status'}
        else:
            for key in (*SET_BY_SERVER, 'managedFields'):
                metadata.pop(key, None)
            kept = {key: old['metadata'][key] for key in SET_BY_SERVER if key in old['metadata']}
            new = dict(new, metadata={**metadata, **kept, 'name': name, **({'namespace': old['metadata']['namespace']} if kind.namespaced else {})})
            if kind.status:
                new.pop('status', None)
                new.update({'status': old['status']} if 'status' in old else {})
        new = self.checked(kind, version, new)
        new['metadata'] = {**new['metadata'], 'resourceVersion': old['metadata']['resourceVersion']}
        if new == dict(old, apiVersion=new['apiVersion']):
            return old
        without = lambda item: {key: value for key, value in item.items() if key not in ('metadata', 'status', 'apiVersion')}
        if without(new) != without(old):
            new['metadata']['generation'] = old['metadata'].get('generation', 1) + 1
        if 'deletionTimestamp' in new['metadata'] and not new['metadata'].get('finalizers'):
            self.remove(kind, self.store.put(kind, new))
            return new
        return self.stored(kind, new, old)

    def patch(self, kind, version, old, patch, content_type, subresource):
        try:
            new = patches.BY_CONTENT_TYPE[content_type](old, patch)
        except (patches.BadPatch, AttributeError, TypeError, ValueError) as error:
            raise Status('BadRequest', 'the patch cannot be applied: %s' % error) from error
        if not isinstance(new, dict) or not isinstance(new.get('metadata'), dict):
            raise Status('BadRequest', 'what the patch makes is no object')
        return self.update(kind, version, old, copy.deepcopy(new), subresource)

    def delete(self, kind, item, options):
        """(gone, the object as it was last)"""
        wanted = (options.get('preconditions') or {})
        for key in ('uid', 'resourceVersion'):
            if wanted.get(key, item['metadata'][key]) != item['metadata'][key]:
                raise Status('Conflict', 'Precondition failed: %s in precondition: %s' % (key, wanted[key]))
        if item['metadata'].get('finalizers'):
            if 'deletionTimestamp' not in item['metadata']:
                item = self.store.put(kind, dict(item, metadata=dict(item['metadata'], deletionTimestamp=now(), deletionGracePeriodSeconds=0,
                                                                     generation=item['metadata'].get('generation', 1) + 1)))
            return False, item
        self.remove(kind, item)
        return True, item

    def remove(self, kind, item):
        self.store.remove(kind, item)
        self.collect_garbage(item['metadata'].get('uid'))
        if kind.key == ('', 'namespaces'):
            for other in [other for other in self.kinds.values() if other.namespaced]:
                for inner in self.store.all(other, item['metadata']['name']):
                    self.store.remove(other, inner)
        if kind.key == ('apiextensions.k8s.io', 'customresourcedefinitions'):
            gone = self.kinds.pop((item['spec']['group'], item['spec']['names']['plural']), None)
            for inner in self.store.all(gone) if gone else ():
                self.store.remove(gone, inner)

    def collect_garbage(self, uid):
        """Deletes what had only the object with this uid as its owner, as the garbage collector does; of others the reference goes."""
        for kind in list(self.kinds.values()):
            for item in self.store.all(kind):
                owners = item['metadata'].get('ownerReferences') or []
                left = [owner for owner in owners if owner.get('uid') != uid]
                if len(left) == len(owners) or self.store.get(kind, item['metadata'].get('namespace', ''), item['metadata']['name']) is not item:
                    continue
                if left:
                    self.store.put(kind, dict(item, metadata=dict(item['metadata'], ownerReferences=left)))
                else:
                    self.delete(kind, item, {})
