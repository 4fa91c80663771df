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
const contextOfTheFleet = config.getCurrentContext();

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

// As a dashboard does: all resources that discovery shows, one after the other.
async function walk() {
  const counts = {};
  const { groups } = await config.makeApiClient(k8s.ApisApi).getAPIVersions();
  const custom = config.makeApiClient(k8s.CustomObjectsApi);
  const lists = [['v1', await config.makeApiClient(k8s.CoreV1Api).getAPIResources()]];
  for (const { name, versions } of groups) {
    for (const { groupVersion, version } of versions) lists.push([groupVersion, await custom.getAPIResources({ group: name, version })]);
  }
  const objects = k8s.KubernetesObjectApi.makeApiClient(config);
  for (const [groupVersion, { resources }] of lists) {
    for (const { name, kind } of resources) counts[`${groupVersion}/${name}`] = (await objects.list(groupVersion, kind)).items.length;
  }
  return { counts };
}

// Every list of every class: *ForAllNamespaces, and those of cluster-scoped kinds.
async function typed() {
  const counts = {};
  const errors = [];
  for (const name of Object.keys(k8s).filter((name) => /^[A-Z]\w*V\d\w*Api$/.test(name)).sort()) {
    const ofClass = config.makeApiClient(k8s[name]);
    for (const method of Object.getOwnPropertyNames(Object.getPrototypeOf(ofClass))) {
      const kind = /^list(?!Namespaced)(\w+?)(ForAllNamespaces)?$/.exec(method);
      if (!kind || method.endsWith('WithHttpInfo')) continue;
      try {
        counts[`${name}/${kind[1].toLowerCase()}`] = (await ofClass[method]()).items.length;
      } catch (error) {
        if (error.code !== 404) errors.push(`${name}.${method}: ${error}`);
      }
    }
  }
  return { counts, errors };
}

async function answer(asked) {
  config.setCurrentContext(asked.walk ?? asked.typed ?? contextOfTheFleet);
  if (asked.walk) return walk();
  if (asked.typed) return typed();
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
