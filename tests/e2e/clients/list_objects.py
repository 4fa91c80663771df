"""Lists objects with the Kubernetes client for Python, page by page, and prints what it saw.

list_objects.py KUBECONFIG: each line of standard input is {"apiVersion", "kind" or "plural", "limit", "labelSelector", "fieldSelector"}, each
line of the answer {"pages": n, "names": [cluster/namespace/name]} or {"error": text}.
"""
import json
import sys

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


class Discovered:
    """The dynamic client: it learns from discovery what there is."""

    def __init__(self, api):
        self.client = dynamic.DynamicClient(api)

    def __call__(self, _, asked, token):
        resource = self.client.resources.get(api_version=asked['apiVersion'], kind=asked['kind'])
        found = resource.get(limit=asked['limit'], _continue=token, label_selector=asked.get('labelSelector'), field_selector=asked.get('fieldSelector'))
        names = ['/'.join((item.metadata.annotations[CLUSTER], item.metadata.namespace or '', item.metadata.name)) for item in found.items]
        return names, found.metadata['continue']


def answer(api, asked):
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


def main():
    api = config.new_client_from_config(sys.argv[1])
    for line in sys.stdin:
        try:
            found = answer(api, json.loads(line))
        except client.exceptions.ApiException as error:
            found = {'error': str(error)}
        print(json.dumps(found), flush=True)


if __name__ == '__main__':
    main()
