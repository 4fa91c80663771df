"""Lists objects with the Kubernetes client for Python, page by page, and prints what it saw.

list_objects.py KUBECONFIG: each line of standard input is a question, each line of the answer is its answer or {"error": text}:
  {"apiVersion", "kind" or "plural", "limit", "labelSelector", "fieldSelector"}: {"pages": n, "names": [cluster/namespace/name]}
  {"walk": context}: everything that discovery shows there, and how many objects of it: {"counts": {"apps/v1/deployments": n}}
  {"typed": context}: the same by the classes of the library: {"counts": {"AppsV1Api/Deployment": n}}, and {"errors": [text]} if some fail
"""
import json
import os
import re
import sys
import tempfile

from kubernetes import client, config, dynamic

CLUSTER = 'shadow.clusterpedia.io/cluster-name'


def typed_pods(api, asked, token):
    pods = client.CoreV1Api(api).list_pod_for_all_namespaces(
        limit=asked['limit'], _continue=token, label_selector=asked.get('labelSelector'), field_selector=asked.get('fieldSelector'))
    names = ['/'.join((pod.metadata.annotations[CLUSTER], pod.metadata.namespace, pod.metadata.name)) for pod in pods.items]
    return names, pods.metadata._continue


def custom_objects(api, asked, token):
    group, version = asked['apiVersion'].split('/')
    options = {'limit': asked['limit'], 'label_selector': asked.get('labelSelector', ''), 'field_selector': asked.get('fieldSelector', '')}
    if token:
        options['_continue'] = token
    found = client.CustomObjectsApi(api).list_cluster_custom_object(group, version, asked['plural'], **options)
    names = ['/'.join((item['metadata']['annotations'][CLUSTER], item['metadata']['namespace'], item['metadata']['name'])) for item in found['items']]
    return names, found['metadata'].get('continue')


def dynamic_client(api):
    # Its cache is a file named after the server's address, which another server may have had before.
    with tempfile.TemporaryDirectory() as folder:
        return dynamic.DynamicClient(api, cache_file=os.path.join(folder, 'cache'), discoverer=dynamic.discovery.EagerDiscoverer)


class Discovered:
    """The dynamic client: it learns from discovery what there is."""

    def __init__(self, api):
        self.client = dynamic_client(api)

    def __call__(self, _, asked, token):
        resource = self.client.resources.get(api_version=asked['apiVersion'], kind=asked['kind'])
        found = resource.get(limit=asked['limit'], _continue=token, label_selector=asked.get('labelSelector'), field_selector=asked.get('fieldSelector'))
        names = ['/'.join((item.metadata.annotations[CLUSTER], item.metadata.namespace or '', item.metadata.name)) for item in found.items]
        return names, found.metadata['continue']


def walk(api):
    """As a dashboard does: all resources, one after the other."""
    counts = {}
    for resource in dynamic_client(api).resources.search():
        if not isinstance(resource, dynamic.resource.ResourceList):
            counts[resource.group_version + '/' + resource.name] = len(resource.get().items)
    return {'counts': counts}


def typed(api):
    """Every list of every class: *_for_all_namespaces, and those of cluster-scoped kinds."""
    counts, errors = {}, []
    for name in sorted(name for name in dir(client) if re.fullmatch(r'[A-Z]\w*V\d\w*Api', name)):
        of_class = getattr(client, name)(api)
        for method in dir(of_class):
            kind = re.fullmatch(r'list_(?!namespaced_)(\w+?)(_for_all_namespaces)?', method)
            if not kind or method.endswith('_with_http_info'):
                continue
            try:
                counts[name + '/' + kind[1].replace('_', '')] = len(getattr(of_class, method)().items)
            except client.exceptions.ApiException as error:
                if error.status != 404:
                    errors.append('%s.%s: %s' % (name, method, error))
            except ValueError as error:
                errors.append('%s.%s: %s' % (name, method, error))
    return {'counts': counts, 'errors': errors}


def pages_of(api, asked):
    if asked.get('kind') == 'Pod':
        read = typed_pods
    else:
        read = custom_objects if 'plural' in asked else Discovered(api)
    names, pages, token = [], 0, None
    while pages == 0 or token:
        page, token = read(api, asked, token)
        names += page
        pages += 1
    return {'pages': pages, 'names': names}


def answer(kubeconfig, asked):
    api = config.new_client_from_config(kubeconfig, asked.get('walk') or asked.get('typed'))
    for name, function in (('walk', walk), ('typed', typed)):
        if name in asked:
            return function(api)
    return pages_of(api, asked)


def main():
    for line in sys.stdin:
        try:
            found = answer(sys.argv[1], json.loads(line))
        except client.exceptions.ApiException as error:
            found = {'error': str(error)}
        print(json.dumps(found), flush=True)


if __name__ == '__main__':
    main()
