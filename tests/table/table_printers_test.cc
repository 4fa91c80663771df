// Single cells of the kinds, where the recordings do not go.
#include <gtest/gtest.h>

#include "table_printing.h"

namespace pedia::apiserver {
namespace {

struct CellCase {
  const char* group;
  const char* resource;
  const char* column;
  const char* body;
  const char* cell;
};

std::ostream& operator<<(std::ostream& out, const CellCase& c) {
  return out << c.resource << " " << c.column;
}

class CellTest : public ::testing::TestWithParam<CellCase> {};

TEST_P(CellTest, IsPrintedAsKubeApiserverDoes) {
  const CellCase& c = GetParam();
  EXPECT_EQ(PrintCell({c.group, "v1", c.resource}, c.column, c.body), c.cell) << c.body;
}

const CellCase kShared[] = {
    {"", "pods", "Cluster",
     R"({"metadata":{"annotations":{"shadow.clusterpedia.io/cluster-name":"c"}}})", "c"},
    {"", "pods", "Cluster", R"({})", ""},
    {"", "pods", "Name", R"({"metadata":{"name":"a\"\u00e9"}})", "a\"é"},
    {"", "pods", "Age", R"({})", "<unknown>"},
    {"", "pods", "Age", R"({"metadata":{"creationTimestamp":null}})", "<unknown>"},
    {"", "pods", "Age", R"({"metadata":{"creationTimestamp":"2025-12-30T09:00:00Z"}})", "2d3h"},
    {"example.com", "widgets", "Age",
     R"({"metadata":{"creationTimestamp":"2026-01-01T11:00:00Z"}})", "60m"},
    {"rbac.authorization.k8s.io", "roles", "Created At",
     R"({"metadata":{"creationTimestamp":"2026-01-01T11:00:00Z"}})", "2026-01-01T11:00:00Z"},
};

const CellCase kApps[] = {
    {"apps", "deployments", "Ready", R"({"spec":{"replicas":3}})", "0/3"},
    {"apps", "deployments", "Up-to-date", R"({"status":{"updatedReplicas":2}})", "2"},
    {"apps", "deployments", "Selector", R"({"spec":{"selector":{}}})", ""},
    {"apps", "replicasets", "Selector", R"({"spec":{"selector":{}}})", "<none>"},
    {"apps", "replicasets", "Selector", R"({"spec":{}})", "<none>"},
    {"apps", "replicasets", "Selector",
     R"({"spec":{"selector":{"matchExpressions":[{"key":"tier","operator":"In","values":["b","a"]},
        {"key":"old","operator":"DoesNotExist"},{"key":"env","operator":"NotIn","values":["x"]},{"key":"up","operator":"Exists"}],
        "matchLabels":{"z":"1","app":"web"}}}})",
     "app=web,env notin (x),!old,tier in (a,b),up,z=1"},
    {"apps", "replicasets", "Selector",
     R"({"spec":{"selector":{"matchExpressions":[{"key":"a","operator":"In"}]}}})", "<error>"},
    {"apps", "replicasets", "Selector",
     R"({"spec":{"selector":{"matchExpressions":[{"key":"a","operator":"Exists","values":["b"]}]}}})",
     "<error>"},
    {"apps", "replicasets", "Selector",
     R"({"spec":{"selector":{"matchExpressions":[{"key":"a","operator":"Like"}]}}})", "<error>"},
    {"apps", "statefulsets", "Ready", R"({"spec":{"replicas":3},"status":{"readyReplicas":2}})",
     "2/3"},
    {"apps", "statefulsets", "Images",
     R"({"spec":{"template":{"spec":{"containers":[{"name":"a","image":"x:1"},{"image":"y:2","name":"b"}]}}}})",
     "x:1,y:2"},
    {"apps", "statefulsets", "Containers",
     R"({"spec":{"template":{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}}})", "a,b"},
    {"apps", "daemonsets", "Node Selector",
     R"({"spec":{"template":{"spec":{"nodeSelector":{"b":"2","a":"1"}}}}})", "a=1,b=2"},
    {"apps", "daemonsets", "Node Selector", R"({"spec":{"template":{"spec":{}}}})", "<none>"},
    {"apps", "controllerrevisions", "Controller",
     R"({"metadata":{"ownerReferences":[{"kind":"X","name":"a"}]}})", "<none>"},
    {"apps", "controllerrevisions", "Controller",
     R"({"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"a","controller":true}]}})",
     "pod/a"},
};

const CellCase kBatch[] = {
    {"batch", "jobs", "Status",
     R"({"status":{"conditions":[{"type":"Complete","status":"True"}]}})", "Complete"},
    {"batch", "jobs", "Status",
     R"({"status":{"conditions":[{"type":"Complete","status":"False"}]}})", "Running"},
    {"batch", "jobs", "Status",
     R"({"status":{"conditions":[{"type":"FailureTarget","status":"True"},{"type":"Failed","status":"True"}]}})",
     "Failed"},
    {"batch", "jobs", "Status",
     R"({"status":{"conditions":[{"type":"Suspended","status":"True"}]}})", "Suspended"},
    {"batch", "jobs", "Status",
     R"({"status":{"conditions":[{"type":"FailureTarget","status":"True"}]}})", "FailureTarget"},
    {"batch", "jobs", "Status",
     R"({"status":{"conditions":[{"type":"SuccessCriteriaMet","status":"True"}]}})",
     "SuccessCriteriaMet"},
    {"batch", "jobs", "Status",
     R"({"metadata":{"deletionTimestamp":"x"},"status":{"conditions":[{"type":"Suspended","status":"True"}]}})",
     "Terminating"},
    {"batch", "jobs", "Completions", R"({"spec":{"completions":3},"status":{"succeeded":1}})",
     "1/3"},
    {"batch", "jobs", "Completions", R"({"spec":{"completions":0}})", "0/0"},
    {"batch", "jobs", "Completions", R"({"spec":{"parallelism":4},"status":{"succeeded":1}})",
     "1/1 of 4"},
    {"batch", "jobs", "Completions", R"({"spec":{"parallelism":1}})", "0/1"},
    {"batch", "jobs", "Duration", R"({})", ""},
    {"batch", "jobs", "Duration", R"({"status":{"startTime":"2026-01-01T11:59:00Z"}})", "60s"},
    {"batch", "jobs", "Duration",
     R"({"status":{"startTime":"2026-01-01T10:00:00Z","completionTime":"2026-01-01T10:00:05Z"}})",
     "5s"},
    {"batch", "cronjobs", "Timezone", R"({"spec":{"timeZone":"Europe/Berlin"}})", "Europe/Berlin"},
    {"batch", "cronjobs", "Suspend", R"({})", "<unset>"},
    {"batch", "cronjobs", "Suspend", R"({"spec":{"suspend":true}})", "True"},
    {"batch", "cronjobs", "Last Schedule", R"({})", "<none>"},
    {"batch", "cronjobs", "Active", R"({"status":{"active":[{},{}]}})", "2"},
};

const CellCase kNetwork[] = {
    {"", "services", "Cluster-IP", R"({"spec":{"clusterIP":"10.0.0.1"}})", "10.0.0.1"},
    {"", "services", "Cluster-IP", R"({"spec":{"clusterIPs":["fd00::1","10.0.0.1"]}})", "fd00::1"},
    {"", "services", "Cluster-IP", R"({"spec":{}})", "<none>"},
    {"", "services", "External-IP",
     R"({"spec":{"type":"NodePort","externalIPs":["1.1.1.1","2.2.2.2"]}})", "1.1.1.1,2.2.2.2"},
    {"", "services", "External-IP", R"({"spec":{"type":"LoadBalancer"}})", "<pending>"},
    {"", "services", "External-IP",
     R"({"spec":{"type":"LoadBalancer","externalIPs":["9.9.9.9"]},"status":{"loadBalancer":{"ingress":[
        {"hostname":"b.example.com"},{"ip":"1.1.1.1","hostname":"x"}]}}})",
     "1.1.1.1,b.example.com,9.9.9.9"},
    {"", "services", "External-IP",
     R"({"spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{"ingress":[{"hostname":"a-very-long-name.elb.example.com"}]}}})",
     "a-very-long-name.elb.example.com"},
    {"", "services", "External-IP",
     R"({"spec":{"type":"ExternalName","externalName":"db.example.com"}})", "db.example.com"},
    {"", "services", "External-IP", R"({"spec":{"type":"Other"}})", "<unknown>"},
    {"", "services", "Port(s)",
     R"({"spec":{"ports":[{"port":80,"nodePort":30080,"protocol":"TCP"},{"port":53,"protocol":"UDP"}]}})",
     "80:30080/TCP,53/UDP"},
    {"", "services", "Port(s)", R"({"spec":{}})", "<none>"},
    {"", "endpoints", "Endpoints", R"({})", "<none>"},
    {"", "endpoints", "Endpoints", R"({"subsets":[{"addresses":[{"ip":"1.1.1.1"}]}]})", "1.1.1.1"},
    {"", "endpoints", "Endpoints",
     R"({"subsets":[{"addresses":[{"ip":"fd00::1"},{"ip":"1.1.1.1"}],"ports":[{"port":80},{"port":443}]}]})",
     "[fd00::1]:80,1.1.1.1:80,[fd00::1]:443 + 1 more..."},
    {"", "endpoints", "Endpoints",
     R"({"subsets":[{"notReadyAddresses":[{"ip":"1.1.1.1"}],"ports":[{"port":80}]}]})", ""},
    {"discovery.k8s.io", "endpointslices", "Ports",
     R"({"ports":[{"name":"http"},{"port":80},{},{"port":9}]})", "http,80,* + 1 more..."},
    {"discovery.k8s.io", "endpointslices", "Ports", R"({})", "<unset>"},
    {"discovery.k8s.io", "endpointslices", "Endpoints",
     R"({"endpoints":[{"addresses":["a","b"]},{"addresses":["c"]},{"addresses":["d","e"]}]})",
     "a,b,c + 2 more..."},
    {"networking.k8s.io", "ingresses", "Hosts", R"({"spec":{"rules":[{"http":{}}]}})", "*"},
    {"networking.k8s.io", "ingresses", "Hosts",
     R"({"spec":{"rules":[{"host":"a"},{"host":"b"},{},{"host":"c"},{"host":"d"},{}]}})",
     "a,b,c + 3 more..."},
    {"networking.k8s.io", "ingresses", "Class", R"({})", "<none>"},
    {"networking.k8s.io", "ingresses", "Ports", R"({"spec":{"tls":[]}})", "80"},
    {"networking.k8s.io", "ingressclasses", "Parameters",
     R"({"spec":{"parameters":{"kind":"K","name":"n"}}})", "K/n"},
    {"networking.k8s.io", "ingressclasses", "Parameters", R"({"spec":{}})", "<none>"},
    {"networking.k8s.io", "networkpolicies", "Pod-Selector", R"({"spec":{"podSelector":{}}})",
     "<none>"},
};

const CellCase kCluster[] = {
    {"", "nodes", "Status", R"({})", "Unknown"},
    {"", "nodes", "Status", R"({"spec":{"unschedulable":true}})", "Unknown,SchedulingDisabled"},
    {"", "nodes", "Status", R"({"status":{"conditions":[{"type":"Ready","status":"Unknown"}]}})",
     "NotReady"},
    {"", "nodes", "Roles",
     R"({"metadata":{"labels":{"node-role.kubernetes.io/worker":"","kubernetes.io/role":"edge","node-role.kubernetes.io/":""}}})",
     "edge,worker"},
    {"", "nodes", "Internal-IP",
     R"({"status":{"addresses":[{"type":"ExternalIP","address":"9.9.9.9"},{"type":"InternalIP","address":"1.1.1.1"},
        {"type":"InternalIP","address":"2.2.2.2"}]}})",
     "1.1.1.1"},
    {"", "nodes", "External-IP", R"({"status":{"addresses":[]}})", "<none>"},
    {"", "nodes", "OS-Image", R"({"status":{"nodeInfo":{"osImage":""}}})", "<unknown>"},
    {"", "namespaces", "Status", R"({"status":{"phase":"Terminating"}})", "Terminating"},
    {"", "configmaps", "Data", R"({"data":{"a":"1","b":"2"},"binaryData":{"c":"eA=="}})", "3"},
    {"", "secrets", "Data", R"({"type":"Opaque"})", "0"},
    {"", "events", "Last Seen", R"({"eventTime":"2026-01-01T11:59:50.123456Z"})", "10s"},
    {"", "events", "Last Seen", R"({"firstTimestamp":"2026-01-01T11:59:00Z","lastTimestamp":null})",
     "60s"},
    {"", "events", "Last Seen",
     R"({"lastTimestamp":"2026-01-01T11:00:00Z","series":{"count":7,"lastObservedTime":"2026-01-01T11:59:57.000000Z"}})",
     "3s"},
    {"", "events", "Count", R"({"count":2,"series":{"count":7}})", "7"},
    {"", "events", "Count", R"({"count":0})", "1"},
    {"", "events", "Source",
     R"({"source":{},"reportingComponent":"kubelet","reportingInstance":"node-1"})",
     "kubelet, node-1"},
    {"", "events", "Object", R"({"involvedObject":{"kind":"Node"}})", "node"},
    {"", "events", "Message", R"({"message":"  two\nlines\n"})", "two\nlines"},
    {"events.k8s.io", "events", "Object", R"({"regarding":{"kind":"Pod","name":"a"}})", "pod/a"},
    {"events.k8s.io", "events", "Message", R"({"note":"n"})", "n"},
    {"events.k8s.io", "events", "Count", R"({"deprecatedCount":4})", "4"},
    {"events.k8s.io", "events", "Source",
     R"({"reportingController":"c","deprecatedSource":{"host":"h"}})", "c, h"},
    {"apiregistration.k8s.io", "apiservices", "Available",
     R"({"status":{"conditions":[{"type":"Available","status":"False","reason":"MissingEndpoints"}]}})",
     "False (MissingEndpoints)"},
    {"apiregistration.k8s.io", "apiservices", "Available", R"({})", "Unknown"},
    {"", "componentstatuses", "Status",
     R"({"conditions":[{"type":"Healthy","status":"True","message":"ok"}]})", "Healthy"},
    {"flowcontrol.apiserver.k8s.io", "flowschemas", "MissingPL", R"({})", "?"},
};

const CellCase kStorage[] = {
    {"", "persistentvolumes", "Access Modes",
     R"({"spec":{"accessModes":["ReadWriteMany","ReadWriteOnce","ReadWriteMany"]}})", "RWO,RWX"},
    {"", "persistentvolumes", "Access Modes",
     R"({"spec":{"accessModes":["ReadWriteOncePod","ReadOnlyMany"]}})", "ROX,RWOP"},
    {"", "persistentvolumes", "Status",
     R"({"metadata":{"deletionTimestamp":"x"},"status":{"phase":"Bound"}})", "Terminating"},
    {"", "persistentvolumes", "Claim", R"({"spec":{}})", ""},
    {"", "persistentvolumes", "Capacity", R"({"spec":{}})", "0"},
    {"", "persistentvolumes", "StorageClass",
     R"({"metadata":{"annotations":{"volume.beta.kubernetes.io/storage-class":"old"}},"spec":{"storageClassName":"new"}})",
     "old"},
    {"", "persistentvolumes", "VolumeMode", R"({})", "<unset>"},
    {"", "persistentvolumeclaims", "Capacity", R"({"status":{"capacity":{"storage":"1Gi"}}})", ""},
    {"", "persistentvolumeclaims", "Capacity",
     R"({"spec":{"volumeName":"v"},"status":{"capacity":{"storage":"1Gi"}}})", "1Gi"},
    {"", "persistentvolumeclaims", "VolumeAttributesClass",
     R"({"spec":{"volumeAttributesClassName":"gold"}})", "gold"},
    {"storage.k8s.io", "storageclasses", "Name",
     R"({"metadata":{"name":"a","annotations":{"storageclass.beta.kubernetes.io/is-default-class":"true"}}})",
     "a (default)"},
    {"storage.k8s.io", "storageclasses", "ReclaimPolicy", R"({})", "Delete"},
    {"storage.k8s.io", "csidrivers", "AttachRequired", R"({})", "true"},
    {"storage.k8s.io", "csidrivers", "TokenRequests",
     R"({"spec":{"tokenRequests":[{"audience":"a"},{"audience":"b"}]}})", "a,b"},
};

const CellCase kOthers[] = {
    {"policy", "poddisruptionbudgets", "Min Available", R"({"spec":{"minAvailable":2}})", "2"},
    {"policy", "poddisruptionbudgets", "Max Unavailable", R"({"spec":{"minAvailable":2}})", "N/A"},
    {"", "resourcequotas", "Limit",
     R"({"status":{"hard":{"pods":"10","limits.memory":"1Gi","limits.cpu":"2"},"used":{"limits.cpu":"1"}}})",
     "limits.cpu: 1/2, limits.memory: 0/1Gi"},
    {"rbac.authorization.k8s.io", "rolebindings", "ServiceAccounts",
     R"({"subjects":[{"kind":"ServiceAccount","name":"a","namespace":"n"},{"kind":"User","name":"u"},{"kind":"ServiceAccount","name":"b"}]})",
     "n/a, b"},
    {"certificates.k8s.io", "certificatesigningrequests", "Condition",
     R"({"status":{"certificate":"eA==","conditions":[{"type":"Approved"},{"type":"Failed"}]}})",
     "Approved,Failed,Issued"},
    {"certificates.k8s.io", "certificatesigningrequests", "Condition",
     R"({"status":{"conditions":[{"type":"Approved"},{"type":"Denied"}]}})", "Denied"},
    {"certificates.k8s.io", "certificatesigningrequests", "RequestedDuration",
     R"({"spec":{"expirationSeconds":86400}})", "24h"},
    {"autoscaling", "horizontalpodautoscalers", "Targets", R"({})", "<none>"},
    {"autoscaling", "horizontalpodautoscalers", "Targets",
     R"({"spec":{"targetCPUUtilizationPercentage":80}})", "cpu: <unknown>/80%"},
    {"autoscaling", "horizontalpodautoscalers", "Targets",
     R"({"spec":{"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"averageUtilization":80}}},
        {"type":"Pods","pods":{"target":{"averageValue":"10"}}},{"type":"X"}]},
        "status":{"currentMetrics":[{"resource":{"current":{"averageUtilization":35}}},{"pods":{"current":{"averageValue":"7"}}}]}})",
     "cpu: 35%/80%, 7/10 + 1 more..."},
    {"autoscaling", "horizontalpodautoscalers", "Targets",
     R"({"spec":{"metrics":[{"type":"External","external":{"target":{"averageValue":"5"}}},
        {"type":"Object","object":{"target":{"value":"9"}}}]},
        "status":{"currentMetrics":[{},{"object":{"current":{"value":"3"}}}]}})",
     "<unknown>/5 (avg), 3/9"},
    {"autoscaling", "horizontalpodautoscalers", "Targets",
     R"({"spec":{"metrics":[{"type":"ContainerResource","containerResource":{"name":"memory","target":{"averageValue":"1Gi"}}},
        {"type":"Resource","resource":{"name":"cpu","target":{}}}]}})",
     "memory: <unknown>/1Gi, cpu: <unknown>/<auto>"},
    {"autoscaling", "horizontalpodautoscalers", "MinPods", R"({})", "<unset>"},
};

INSTANTIATE_TEST_SUITE_P(Shared, CellTest, ::testing::ValuesIn(kShared));
INSTANTIATE_TEST_SUITE_P(Apps, CellTest, ::testing::ValuesIn(kApps));
INSTANTIATE_TEST_SUITE_P(Batch, CellTest, ::testing::ValuesIn(kBatch));
INSTANTIATE_TEST_SUITE_P(Network, CellTest, ::testing::ValuesIn(kNetwork));
INSTANTIATE_TEST_SUITE_P(Cluster, CellTest, ::testing::ValuesIn(kCluster));
INSTANTIATE_TEST_SUITE_P(Storage, CellTest, ::testing::ValuesIn(kStorage));
INSTANTIATE_TEST_SUITE_P(Others, CellTest, ::testing::ValuesIn(kOthers));

}  // namespace
}  // namespace pedia::apiserver
