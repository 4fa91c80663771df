#include "tests/member/synthetic_templates.h"

namespace pedia::member {

const JsonTemplate& PodTemplate() {
  static const JsonTemplate kTemplate(R"(
  "metadata": {
    "name": "$name$", "generateName": "$generate_name$", "namespace": "$namespace$", "uid": "$uid$",
    "resourceVersion": "$rv$", "creationTimestamp": "$created$",
    "labels": {"app": "$app$", $canary$ "env": "$env$", "pod-template-hash": "$hash$", "region": "$region$",
      "team": "$team$", "tier": "$tier$", "version": "$version$"},
    "annotations": {"checksum/config": "$hash$$hash$$hash$$hash$", $annotations$
      "prometheus.io/port": "8080", "prometheus.io/scrape": "true"},
    "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "$owner_name$", "uid": "$owner_uid$",
      "controller": true, "blockOwnerDeletion": true}],
    "managedFields": [{"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1",
      "time": "$created$", "fieldsType": "FieldsV1", "fieldsV1": {"f:metadata": {"f:annotations": {".": {},
      "f:checksum/config": {}}, "f:generateName": {}, "f:labels": {".": {}, "f:app": {}, "f:env": {}}},
      "f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {".": {}, "f:image": {}, "f:name": {}, "f:resources": {}}},
      "f:restartPolicy": {}}}},
      {"manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": "$changed$", "fieldsType": "FieldsV1",
      "fieldsV1": {"f:status": {"f:conditions": {}, "f:containerStatuses": {}, "f:phase": {}, "f:podIP": {}}},
      "subresource": "status"}]
  },
  "spec": {
    "volumes": [{"name": "config", "configMap": {"name": "$app$-config", "defaultMode": 420}},
      {"name": "kube-api-access-$hash$", "projected": {"sources": [{"serviceAccountToken": {"expirationSeconds": 3607,
      "path": "token"}}, {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}],
      "defaultMode": 420}}],
    "containers": [{"name": "app", "image": "registry.example.com/$team$/$app$:$version$",
      "args": ["--listen=:8080", "--log-format=json", "--shard=$number$"],
      "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
      "env": [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
        {"name": "REGION", "value": "$region$"}, {"name": "LOG_LEVEL", "value": "info"}],
      "resources": {"limits": {"memory": "$memory$"}, "requests": {"cpu": "$cpu$", "memory": "$memory$"}},
      "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}, {"name": "kube-api-access-$hash$",
        "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
      "readinessProbe": {"httpGet": {"path": "/ready", "port": "http", "scheme": "HTTP"}, "timeoutSeconds": 1,
        "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3},
      "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
      "imagePullPolicy": "IfNotPresent"}],
    "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
    "serviceAccountName": "$service_account$", "serviceAccount": "$service_account$", "nodeName": "$node$",
    "securityContext": {"runAsNonRoot": true}, "schedulerName": "default-scheduler",
    "tolerations": [
      {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
      {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}],
    "priority": 0, "enableServiceLinks": true, "preemptionPolicy": "PreemptLowerPriority"
  },
  "status": {
    "phase": "$phase$",
    "conditions": [
      {"type": "Initialized", "status": "True", "lastProbeTime": null, "lastTransitionTime": "$created$"},
      {"type": "Ready", "status": "$reason$", "lastProbeTime": null, "lastTransitionTime": "$changed$"},
      {"type": "ContainersReady", "status": "$reason$", "lastProbeTime": null, "lastTransitionTime": "$changed$"},
      {"type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": "$created$"}],
    "hostIP": "$host_ip$", "hostIPs": [{"ip": "$host_ip$"}], "podIP": "$pod_ip$", "podIPs": [{"ip": "$pod_ip$"}],
    "startTime": "$created$",
    "containerStatuses": [{"name": "app", "state": $state$, "lastState": {}, "ready": $ready$,
      "restartCount": $restarts$, "image": "registry.example.com/$team$/$app$:$version$",
      "imageID": "registry.example.com/$team$/$app$@sha256:$hash$$hash$$hash$$hash$$hash$$hash$",
      "containerID": "containerd://$container_id$", "started": $ready$}],
    "qosClass": "Burstable"
  }})",
                                      kSlotNames);
  return kTemplate;
}

const JsonTemplate& PodLastAppliedTemplate() {
  static const JsonTemplate kTemplate(
      R"("kubectl.kubernetes.io/last-applied-configuration": "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":)"
      R"({\"annotations\":{},\"labels\":{\"app\":\"$app$\",\"env\":\"$env$\"},\"name\":\"$name$\",\"namespace\":)"
      R"(\"$namespace$\"},\"spec\":{\"containers\":[{\"image\":\"registry.example.com/$team$/$app$:$version$\",)"
      R"(\"name\":\"app\",\"ports\":[{\"containerPort\":8080,\"name\":\"http\"}]}]}}\n",)",
      kSlotNames);
  return kTemplate;
}

const JsonTemplate& DeploymentTemplate() {
  static const JsonTemplate kTemplate(R"(
  "metadata": {
    "name": "$name$", "namespace": "$namespace$", "uid": "$uid$", "resourceVersion": "$rv$", "generation": $generation$,
    "creationTimestamp": "$created$", "labels": {"app": "$app$", "env": "$env$", "team": "$team$", "tier": "$tier$"},
    "annotations": {"deployment.kubernetes.io/revision": "1"},
    "managedFields": [{"manager": "kubectl", "operation": "Update", "apiVersion": "apps/v1", "time": "$created$",
      "fieldsType": "FieldsV1", "fieldsV1": {"f:metadata": {"f:labels": {}}, "f:spec": {"f:replicas": {}}}}]
  },
  "spec": {"replicas": $replicas$, "selector": {"matchLabels": {"app": "$app$"}},
    "template": {"metadata": {"creationTimestamp": null, "labels": {"app": "$app$", "env": "$env$", "region": "$region$",
        "team": "$team$", "tier": "$tier$", "version": "$version$"}},
      "spec": {"containers": [{"name": "app", "image": "registry.example.com/$team$/$app$:$version$", "resources": {},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent"}], "restartPolicy": "Always", "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst", "securityContext": {}, "schedulerName": "default-scheduler"}},
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
    "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600},
  "status": {"observedGeneration": $generation$, "replicas": $replicas$, "updatedReplicas": $replicas$,
    "readyReplicas": $replicas$, "availableReplicas": $replicas$, "conditions": [{"type": "Available", "status": "True",
      "lastUpdateTime": "$created$", "lastTransitionTime": "$created$", "reason": "MinimumReplicasAvailable",
      "message": "Deployment has minimum availability."}]}})",
                                      kSlotNames);
  return kTemplate;
}

const JsonTemplate& ReplicaSetTemplate() {
  static const JsonTemplate kTemplate(R"(
  "metadata": {
    "name": "$name$", "namespace": "$namespace$", "uid": "$uid$", "resourceVersion": "$rv$", "generation": $generation$,
    "creationTimestamp": "$created$", "labels": {"app": "$app$", "env": "$env$", "pod-template-hash": "$hash$",
      "team": "$team$"}, "annotations": {"deployment.kubernetes.io/revision": "1"},
    "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "$owner_name$", "uid": "$owner_uid$",
      "controller": true, "blockOwnerDeletion": true}],
    "managedFields": [{"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "apps/v1",
      "time": "$created$", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]
  },
  "spec": {"replicas": $replicas$, "selector": {"matchLabels": {"app": "$app$", "pod-template-hash": "$hash$"}},
    "template": {"metadata": {"creationTimestamp": null, "labels": {"app": "$app$", "pod-template-hash": "$hash$"}},
      "spec": {"containers": [{"name": "app", "image": "registry.example.com/$team$/$app$:$version$", "resources": {}}],
        "restartPolicy": "Always", "dnsPolicy": "ClusterFirst"}}},
  "status": {"replicas": $replicas$, "fullyLabeledReplicas": $replicas$, "readyReplicas": $replicas$,
    "availableReplicas": $replicas$, "observedGeneration": $generation$}})",
                                      kSlotNames);
  return kTemplate;
}

const JsonTemplate& ServiceTemplate() {
  static const JsonTemplate kTemplate(R"(
  "metadata": {"name": "$name$", "namespace": "$namespace$", "uid": "$uid$", "resourceVersion": "$rv$",
    "creationTimestamp": "$created$", "labels": {"app": "$app$", "team": "$team$"}},
  "spec": {"ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": "http"}],
    "selector": {"app": "$app$"}, "clusterIP": "$pod_ip$", "clusterIPs": ["$pod_ip$"], "type": "ClusterIP",
    "sessionAffinity": "None", "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
    "internalTrafficPolicy": "Cluster"},
  "status": {"loadBalancer": {}}})",
                                      kSlotNames);
  return kTemplate;
}

const JsonTemplate& ConfigMapTemplate() {
  static const JsonTemplate kTemplate(R"(
  "metadata": {"name": "$name$", "namespace": "$namespace$", "uid": "$uid$", "resourceVersion": "$rv$",
    "creationTimestamp": "$created$", "labels": {"app": "$app$", "team": "$team$"}},
  "data": {"LOG_LEVEL": "info", "app.yaml": "name: $app$\nteam: $team$\nregion: $region$\nreplicas: $replicas$\n"}})",
                                      kSlotNames);
  return kTemplate;
}

const JsonTemplate& NamespaceTemplate() {
  static const JsonTemplate kTemplate(R"(
  "metadata": {"name": "$name$", "uid": "$uid$", "resourceVersion": "$rv$", "creationTimestamp": "$created$",
    "labels": {"kubernetes.io/metadata.name": "$name$"}},
  "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}})",
                                      kSlotNames);
  return kTemplate;
}

const JsonTemplate& NodeTemplate() {
  static const JsonTemplate kTemplate(R"(
  "metadata": {"name": "$name$", "uid": "$uid$", "resourceVersion": "$rv$", "creationTimestamp": "$created$",
    "labels": {"kubernetes.io/arch": "amd64", "kubernetes.io/hostname": "$name$", "kubernetes.io/os": "linux",
      "topology.kubernetes.io/region": "$region$"}},
  "spec": {"podCIDR": "10.244.$number$.0/24", "podCIDRs": ["10.244.$number$.0/24"]},
  "status": {"capacity": {"cpu": "16", "memory": "64Gi", "pods": "110"},
    "allocatable": {"cpu": "15800m", "memory": "62Gi", "pods": "110"},
    "conditions": [{"type": "MemoryPressure", "status": "False", "lastHeartbeatTime": "$created$",
        "lastTransitionTime": "$created$", "reason": "KubeletHasSufficientMemory", "message": "ok"},
      {"type": "Ready", "status": "True", "lastHeartbeatTime": "$created$", "lastTransitionTime": "$created$",
        "reason": "KubeletReady", "message": "kubelet is posting ready status"}],
    "addresses": [{"type": "InternalIP", "address": "$host_ip$"}, {"type": "Hostname", "address": "$name$"}],
    "nodeInfo": {"machineID": "m$number$", "systemUUID": "s$number$", "bootID": "b$number$",
      "kernelVersion": "6.1.0-25-amd64", "osImage": "Debian GNU/Linux 12",
      "containerRuntimeVersion": "containerd://1.7.0", "kubeletVersion": "v1.32.13", "kubeProxyVersion": "v1.32.13",
      "operatingSystem": "linux", "architecture": "amd64"}}})",
                                      kSlotNames);
  return kTemplate;
}

const JsonTemplate& WidgetTemplate() {
  static const JsonTemplate kTemplate(R"(
  "apiVersion": "fleet.example.com/v1", "kind": "$kind$",
  "metadata": {
    "annotations": {"example.com/checksum": "$container_id$", "example.com/contact": "$team$@example.com"},
    "creationTimestamp": "$created$", "generation": $generation$,
    "labels": {"app": "$app$", "env": "$env$", "region": "$region$", "team": "$team$"},
    "managedFields": [{"apiVersion": "fleet.example.com/v1", "fieldsType": "FieldsV1", "fieldsV1": {"f:metadata":
      {"f:labels": {".": {}, "f:app": {}, "f:env": {}}}, "f:spec": {".": {}, "f:limits": {}, "f:source": {}}},
      "manager": "widget-controller", "operation": "Update", "time": "$created$"}],
    "name": "$name$", "namespace": "$namespace$", "resourceVersion": "$rv$", "uid": "$uid$"
  },
  "spec": {
    "limits": {"cpu": "$cpu$", "memory": "$memory$"}, "priority": $number$, "schedule": "*/5 * * * *",
    "source": {"path": "deploy/$tier$/$app$", "revision": "$version$", "url": "https://git.example.com/$team$/$app$.git"},
    "target": {"namespace": "$namespace$", "serviceAccountName": "$app$"}
  },
  "status": {
    "conditions": [{"lastTransitionTime": "$created$", "message": "applied revision $version$", "reason": "Succeeded",
      "status": "$ready$", "type": "Ready"}],
    "lastAppliedRevision": "$version$", "observedGeneration": $generation$}})",
                                      kSlotNames);
  return kTemplate;
}

}  // namespace pedia::member
