// Tables of services, endpoints, ingresses and network policies.
#include <algorithm>
#include <set>

#include "apiserver/table_cells.h"

namespace pedia::apiserver {
namespace {

// The IPs, else host names, of a load balancer's ingress points: sorted, each once.
std::string FormatIngressPoints(std::string_view raw) {
  std::set<std::string> points;
  ForEachElement(raw, [&](std::string_view point) {
    const auto [ip, hostname] = Members(point, "ip", "hostname");
    std::string text = TextOr(ip, Text(hostname));
    if (!text.empty()) points.insert(std::move(text));
  });
  return Join({points.begin(), points.end()}, ",");
}

// From {clusterIPs, clusterIP}; old servers send only the latter.
void ClusterIpCell(RawValues values, CellWriter* cells) {
  const std::vector<std::string> ips = Texts(values[0]);
  cells->Text(ips.empty() ? TextOr(values[1], "<none>") : ips[0]);
}

// From {type, external IPs, ingress points, external name}.
void ServiceExternalIpCell(RawValues values, CellWriter* cells) {
  const std::string type = TextOr(values[0], "ClusterIP");
  if (type == "ExternalName") return cells->Text(Text(values[3]));
  const std::string external_ips = Join(Texts(values[1]), ",");
  if (type == "ClusterIP" || type == "NodePort")
    return cells->Text(external_ips.empty() ? "<none>" : external_ips);
  if (type != "LoadBalancer") return cells->Text("<unknown>");
  std::string text = FormatIngressPoints(values[2]);
  if (!text.empty() && !external_ips.empty()) text += ',';
  text += external_ips;
  cells->Text(text.empty() ? "<pending>" : text);
}

// "80:30080/TCP,53/UDP".
void ServicePortsCell(RawValues values, CellWriter* cells) {
  std::string text;
  ForEachElement(values[0], [&](std::string_view element) {
    const auto [port, node_port, protocol] = Members(element, "port", "nodePort", "protocol");
    if (!text.empty()) text += ',';
    text += std::to_string(Integer(port));
    if (Integer(node_port) > 0) text += ":" + std::to_string(Integer(node_port));
    text += "/" + TextOr(protocol, "TCP");
  });
  cells->Text(text.empty() ? "<none>" : text);
}

constexpr size_t kMaxShown = 3;

// "10.0.0.1:80,[fd00::1]:80": every address with every port of its subset.
void EndpointsCell(RawValues values, CellWriter* cells) {
  if (Count(values[0]) == 0) return cells->Text("<none>");
  std::vector<std::string> shown;
  int64_t count = 0;
  ForEachElement(values[0], [&](std::string_view subset) {
    const auto [addresses, ports] = Members(subset, "addresses", "ports");
    const auto add = [&, list = addresses](const std::string& port) {
      ForEachElement(list, [&](std::string_view address) {
        ++count;
        if (shown.size() == kMaxShown) return;
        std::string ip = Text(Member(address, "ip"));
        if (!port.empty() && ip.find(':') != std::string::npos) ip = "[" + ip + "]";
        shown.push_back(port.empty() ? ip : ip + ":" + port);
      });
    };
    if (Count(ports) == 0) return add("");  // A headless service may have no port.
    ForEachElement(
        ports, [&](std::string_view port) { add(std::to_string(Integer(Member(port, "port")))); });
  });
  cells->Text(ListWithMore(shown, count));
}

void SliceCell(const std::vector<std::string>& shown, int64_t count, CellWriter* cells) {
  const std::string text = ListWithMore(shown, count);
  cells->Text(text.empty() ? "<unset>" : text);
}

void SlicePortsCell(RawValues values, CellWriter* cells) {
  std::vector<std::string> shown;
  int64_t count = 0;
  ForEachElement(values[0], [&](std::string_view element) {
    const auto [port, name] = Members(element, "port", "name");
    if (shown.size() < kMaxShown) {
      shown.push_back(!port.empty()  ? std::to_string(Integer(port))
                      : name.empty() ? "*"
                                     : Text(name));
    }
    ++count;
  });
  SliceCell(shown, count, cells);
}

void SliceEndpointsCell(RawValues values, CellWriter* cells) {
  std::vector<std::string> shown;
  int64_t count = 0;
  ForEachElement(values[0], [&](std::string_view endpoint) {
    ForEachElement(Member(endpoint, "addresses"), [&](std::string_view address) {
      if (shown.size() < kMaxShown) shown.push_back(Text(address));
      ++count;
    });
  });
  SliceCell(shown, count, cells);
}

// The hosts of the first rules; what "more" counts is rules, with or without a host, as in
// Kubernetes.
void HostsCell(RawValues values, CellWriter* cells) {
  std::vector<std::string> hosts;
  int64_t rules = 0;
  bool more = false;
  ForEachElement(values[0], [&](std::string_view rule) {
    ++rules;
    more = more || hosts.size() == kMaxShown;
    if (more) return;
    std::string host = Text(Member(rule, "host"));
    if (!host.empty()) hosts.push_back(std::move(host));
  });
  if (hosts.empty()) return cells->Text("*");
  std::string text = Join(hosts, ",");
  if (more) text += " + " + std::to_string(rules - static_cast<int64_t>(kMaxShown)) + " more...";
  cells->Text(text);
}

void AddressCell(RawValues values, CellWriter* cells) {
  cells->Text(FormatIngressPoints(values[0]));
}

void IngressPortsCell(RawValues values, CellWriter* cells) {
  cells->Text(Count(values[0]) > 0 ? "80, 443" : "80");
}

void ClassCell(RawValues values, CellWriter* cells) {
  cells->Text(values[0].empty() ? "<none>" : Text(values[0]));
}

// "Kind.group/name".
void ParametersCell(RawValues values, CellWriter* cells) {
  if (values[0].empty()) return cells->Text("<none>");
  const auto [kind, group, name] = Members(values[0], "kind", "apiGroup", "name");
  cells->Text(Text(kind) + (group.empty() ? "" : "." + Text(group)) + "/" + Text(name));
}

}  // namespace

std::vector<TableDefinition> NetworkTables() {
  return {
      {"",
       "services",
       {NameColumn(),
        {"Type", "string", 0, {"spec.type"}, TextCell},
        {"Cluster-IP", "string", 0, {"spec.clusterIPs", "spec.clusterIP"}, ClusterIpCell},
        {"External-IP",
         "string",
         0,
         {"spec.type", "spec.externalIPs", "status.loadBalancer.ingress", "spec.externalName"},
         ServiceExternalIpCell},
        {"Port(s)", "string", 0, {"spec.ports"}, ServicePortsCell},
        AgeColumn(),
        {"Selector", "string", 1, {"spec.selector"}, LabelsCell}}},
      {"",
       "endpoints",
       {NameColumn(), {"Endpoints", "string", 0, {"subsets"}, EndpointsCell}, AgeColumn()}},
      {"discovery.k8s.io",
       "endpointslices",
       {NameColumn(),
        {"AddressType", "string", 0, {"addressType"}, TextCell},
        {"Ports", "string", 0, {"ports"}, SlicePortsCell},
        {"Endpoints", "string", 0, {"endpoints"}, SliceEndpointsCell},
        AgeColumn()}},
      {"networking.k8s.io",
       "ingresses",
       {NameColumn(),
        {"Class", "string", 0, {"spec.ingressClassName"}, ClassCell},
        {"Hosts", "string", 0, {"spec.rules"}, HostsCell},
        {"Address", "string", 0, {"status.loadBalancer.ingress"}, AddressCell},
        {"Ports", "string", 0, {"spec.tls"}, IngressPortsCell},
        AgeColumn()}},
      {"networking.k8s.io",
       "ingressclasses",
       {NameColumn(),
        {"Controller", "string", 0, {"spec.controller"}, TextCell},
        {"Parameters", "string", 0, {"spec.parameters"}, ParametersCell},
        AgeColumn()}},
      {"networking.k8s.io",
       "networkpolicies",
       {NameColumn(),
        {"Pod-Selector", "string", 0, {"spec.podSelector"}, LabelSelectorCell},
        AgeColumn()}},
  };
}

}  // namespace pedia::apiserver
