// Lists objects with @kubernetes/client-node, page by page, and prints what it saw; arguments and answer as in list_objects.py, with the
// folder that holds node_modules as a second argument.
import { join } from 'node:path';
import { argv, stdin } from 'node:process';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [, , kubeconfig, folder] = argv;
const library = join(folder, 'node_modules', '@kubernetes', 'client-node', 'dist', 'index.js');
const k8s = await import(pathToFileURL(library).href);

const config = new k8s.KubeConfig();
config.loadFromFile(kubeconfig);

function reader(asked) {
  const { limit, labelSelector, fieldSelector } = asked;
  if (asked.kind === 'Pod') {
    const core = config.makeApiClient(k8s.CoreV1Api);
    return (token) => core.listPodForAllNamespaces({ limit, labelSelector, fieldSelector, _continue: token });
  }
  if (asked.plural) {
    const [group, version] = asked.apiVersion.split('/');
    const custom = config.makeApiClient(k8s.CustomObjectsApi);
    return (token) => custom.listClusterCustomObject({ group, version, plural: asked.plural, limit, labelSelector, fieldSelector, _continue: token });
  }
  const objects = k8s.KubernetesObjectApi.makeApiClient(config);
  return (token) =>
    objects.list(asked.apiVersion, asked.kind, undefined, undefined, undefined, undefined, fieldSelector, labelSelector, limit, token);
}

async function answer(asked) {
  const read = reader(asked);
  const names = [];
  let pages = 0;
  let token;
  do {
    const page = await read(token);
    for (const { metadata } of page.items) {
      names.push([metadata.annotations['shadow.clusterpedia.io/cluster-name'], metadata.namespace ?? '', metadata.name].join('/'));
    }
    token = page.metadata._continue ?? page.metadata.continue;
    pages += 1;
  } while (token);
  return { pages, names };
}

for await (const line of createInterface({ input: stdin })) {
  const found = await answer(JSON.parse(line)).catch((error) => ({ error: String(error) }));
  console.log(JSON.stringify(found));
}
