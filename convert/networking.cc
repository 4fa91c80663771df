// Ingresses, whose backends were flat, and EndpointSlices, whose node and zone were labels of a
// topology.
#include <string>
#include <string_view>

#include "convert/rewrites.h"

namespace pedia::convert {
namespace {

constexpr std::string_view kHostname = "kubernetes.io/hostname";
constexpr std::string_view kZone = "topology.kubernetes.io/zone";

bool IsString(std::string_view value) { return value.starts_with('"'); }

// {"serviceName":"web","servicePort":80} -> {"service":{"name":"web","port":{"number":80}}}
void BackendFromV1Beta1(JsonObject& backend) {
  const auto name = backend.Get("serviceName");
  const auto port = backend.Get("servicePort");
  if (name || (port && port != "0")) {
    JsonObject port_object;
    if (port) port_object.Set(IsString(*port) ? "name" : "number", std::string(*port));
    JsonObject service;
    if (name) service.Set("name", std::string(*name));
    service.Set("port", port_object.ToString());
    backend.Rename(name ? "serviceName" : "servicePort", "service");
    backend.Set("service", service.ToString());
  }
  backend.Remove("serviceName");
  backend.Remove("servicePort");
}

void BackendToV1Beta1(JsonObject& backend) {
  const auto service = backend.GetObject("service");
  if (!service) return;
  const auto name = service->Get("name");
  const auto port = service->GetObject("port");
  const std::string_view port_name = port ? port->Get("name").value_or("") : "";
  const std::string_view port_number = port ? port->Get("number").value_or("0") : "0";
  backend.Rename("service", "serviceName");
  backend.Set("serviceName", std::string(name.value_or("\"\"")));
  const bool named = !port_name.empty() && port_name != "\"\"";
  backend.Set("servicePort", std::string(named ? port_name : port_number));
}

template <typename Change>
void ChangePaths(JsonObject& spec, Change change) {
  spec.ChangeEach("rules", [&](JsonObject& rule) {
    rule.ChangeObject("http", [&](JsonObject& http) { http.ChangeEach("paths", change); });
  });
}

void EndpointFromV1Beta1(JsonObject& endpoint) {
  auto topology = endpoint.GetObject("topology");
  if (!topology) return endpoint.Remove("topology");
  endpoint.Rename("topology", "deprecatedTopology");
  if (const auto zone = topology->Get(kZone)) {
    endpoint.Set("zone", std::string(*zone));
    topology->Remove(kZone);
  }
  if (const auto node = topology->Get(kHostname)) {
    if (!endpoint.Get("nodeName")) endpoint.Set("nodeName", std::string(*node));
    if (endpoint.Get("nodeName") == node) topology->Remove(kHostname);
  }
  if (topology->empty()) return endpoint.Remove("deprecatedTopology");
  endpoint.Set("deprecatedTopology", topology->ToString());
}

void EndpointToV1Beta1(JsonObject& endpoint) {
  const auto zone = endpoint.Get("zone");
  const auto node = endpoint.Get("nodeName");
  auto topology = endpoint.GetObject("deprecatedTopology");
  endpoint.Rename(topology ? "deprecatedTopology" : "zone", "topology");
  endpoint.Remove("deprecatedTopology");
  endpoint.Remove("zone");
  if (!topology && !zone && !node) return endpoint.Remove("topology");
  if (!topology) topology.emplace();
  if (zone) topology->Set(kZone, std::string(*zone));
  // A topology may name another host than nodeName.
  const auto host = topology->Get(kHostname);
  if (node && (!host || host == "\"\"")) topology->Set(kHostname, std::string(*node));
  endpoint.Set("topology", topology->ToString());
}

}  // namespace

void IngressFromV1Beta1(JsonObject& ingress) {
  ingress.ChangeObject("spec", [](JsonObject& spec) {
    spec.Rename("backend", "defaultBackend");
    spec.ChangeObject("defaultBackend", BackendFromV1Beta1);
    ChangePaths(spec, [](JsonObject& path) {
      // v1 requires what v1beta1 has a default for, and old clusters leave out.
      if (!path.Get("pathType")) path.SetText("pathType", "ImplementationSpecific");
      path.ChangeObject("backend", BackendFromV1Beta1);
    });
  });
}

void IngressToV1Beta1(JsonObject& ingress) {
  ingress.ChangeObject("spec", [](JsonObject& spec) {
    spec.Rename("defaultBackend", "backend");
    spec.ChangeObject("backend", BackendToV1Beta1);
    ChangePaths(spec, [](JsonObject& path) { path.ChangeObject("backend", BackendToV1Beta1); });
  });
}

void EndpointSliceFromV1Beta1(JsonObject& slice) {
  slice.ChangeEach("endpoints", EndpointFromV1Beta1);
}

void EndpointSliceToV1Beta1(JsonObject& slice) { slice.ChangeEach("endpoints", EndpointToV1Beta1); }

}  // namespace pedia::convert
