#include "tests/storage/oracle/world.h"

#include <set>

#include "meta/time.h"

namespace pedia::oracle {
namespace {

constexpr int64_t kFirstCreated = 1'700'000'000;

const std::string kLong(200, 'l');

void WriteString(const std::string& text, const Spelling& spelling, std::string* out) {
  if (text.starts_with(kSpelledNumber)) {
    *out += text.substr(1);
  } else {
    *out += Json(text).dump(-1, ' ', spelling.escaped);
  }
}

void WriteValue(const Json& value, const Spelling& spelling, std::string* out) {
  const char* comma = spelling.blanks ? ", " : ",";
  bool first = true;
  if (value.is_object()) {
    *out += '{';
    for (const auto& [key, member] : value.items()) {
      if (!first) *out += comma;
      first = false;
      *out += Json(key).dump(-1, ' ', spelling.escaped) + (spelling.blanks ? ": " : ":");
      WriteValue(member, spelling, out);
    }
    *out += '}';
  } else if (value.is_array()) {
    *out += '[';
    for (const Json& element : value) {
      if (!first) *out += comma;
      first = false;
      WriteValue(element, spelling, out);
    }
    *out += ']';
  } else if (value.is_string()) {
    WriteString(value.get_ref<const std::string&>(), spelling, out);
  } else {
    *out += value.dump();
  }
}

Json Number(std::string_view spelled) {
  return std::string(1, kSpelledNumber) + std::string(spelled);
}

}  // namespace

std::string Write(const Json& value, const Spelling& spelling) {
  std::string text;
  WriteValue(value, spelling, &text);
  return text;
}

std::optional<std::string> TextOf(const Json& value, const Spelling& spelling) {
  if (value.is_null()) return std::nullopt;
  if (!value.is_string()) return Write(value, spelling);
  const std::string& text = value.get_ref<const std::string&>();
  return text.starts_with(kSpelledNumber) ? text.substr(1) : text;
}

std::string Object::Member(const char* name) const {
  const Json& metadata = document.at("metadata");
  const auto found = metadata.find(name);
  return found != metadata.end() && found->is_string() ? found->get<std::string>() : "";
}

const std::vector<Type>& Types() {
  static const std::vector<Type> types = {
      {{"", "v1", "pods"}, "Pod", true},
      {{"apps", "v1", "deployments"}, "Deployment", true},
      {{"apps", "v1", "replicasets"}, "ReplicaSet", true},
      {{"", "v1", "events"}, "Event", true},
      {{"", "v1", "nodes"}, "Node", false},
      {{"example.com", "v1", "widgets"}, "Widget", true},
      {{"example.com", "v1beta1", "widgets"}, "Widget", true},
  };
  return types;
}

std::string AnyCluster(Dice& dice) { return dice.Pick({"a", "a", "a-b", "b", "c.d"}); }

std::string AnyNamespace(Dice& dice) {
  return dice.Pick({"n", "n", "n-1", "m", "z", "kube-system", "none"});
}

std::string AnyName(Dice& dice) {
  if (dice.Chance(70)) return "x" + std::to_string(dice.Below(25));
  return dice.Pick({"web", "WEB", "web-0", "web-1", "webber", "a%b", "a_b", "a!b", "aXb", "100%",
                    "!", "~", "über", "日本", "a\"b", "a\\b", "x1.y", "x-1"}) +
         (dice.Chance(5) ? kLong : "");
}

std::string AnyUid(Dice& dice) { return "uid-" + std::to_string(dice.Below(60)); }

std::string AnyLabelValue(Dice& dice) {
  if (dice.Chance(10)) return kLong + dice.Pick({"", "a", "b", "mm"});
  if (dice.Chance(20)) return "a" + std::to_string(dice.Below(60));
  return dice.Pick({"dev", "dev", "dev", "prod", "web", "db", "", "1", "5", "-3", "007", "10", "x",
                    "9223372036854775807", "9223372036854775808", "1Gi", "Dev", "ü"});
}

std::string AnyOrderedText(Dice& dice) {
  return dice.Pick({"0",
                    "-0",
                    "1",
                    "+1",
                    "3",
                    "3.0",
                    "10",
                    "-1.5",
                    "500m",
                    "0.5",
                    ".5",
                    "5.",
                    "1k",
                    "1e3",
                    "1E3",
                    "1000",
                    "1Ki",
                    "1024",
                    "1Gi",
                    "1024Mi",
                    "2Gi",
                    "1E",
                    "1Ei",
                    "9007199254740993",
                    "9007199254740992",
                    "12345678901234567890123",
                    "1e-9",
                    "1n",
                    "2u",
                    "1e400",
                    "-1e400",
                    "2026-01-02T03:04:05Z",
                    "2026-01-02T05:04:05+02:00",
                    "2026-01-02T03:04:05.5Z",
                    "2026-01-02T03:04:05.500Z",
                    "2025-12-31T23:59:59-07:30",
                    "2026-01-02T03:04:06Z",
                    "1970-01-01T00:00:00Z",
                    "1969-12-31T23:59:59.9Z"});
}

std::string AnyFieldText(Dice& dice) {
  if (dice.Chance(40)) return AnyOrderedText(dice);
  if (dice.Chance(12)) return kLong + dice.Pick({"", "a", "b", "ü", "é"});
  return dice.Pick({"Running",
                    "Running",
                    "Running",
                    "Pending",
                    "Failed",
                    "node-1",
                    "node-2",
                    "nginx",
                    "nginx:1.2",
                    "true",
                    "false",
                    "",
                    " ",
                    "abc",
                    "ABC",
                    "ab",
                    "übung",
                    "日本",
                    "a,b",
                    "a=b",
                    "a\"b",
                    "a'b",
                    "%",
                    "_",
                    "1x",
                    "1 Gi",
                    "0x10",
                    "1e",
                    "e3",
                    "2026-13-02T03:04:05Z",
                    "2026-02-30T03:04:05Z",
                    "2026-01-02",
                    "null",
                    "{}",
                    "1e10000",
                    "NaN",
                    "-",
                    "."});
}

Json WorldMaker::AnyValue(int depth) {
  switch (dice_.Below(depth < 2 ? 12 : 8)) {
    case 0:
      return dice_.Below(20);
    case 1:
      return Number(dice_.Pick({"1.50", "1e3", "1E+2", "-0", "0.5", "-7", "100", "3.0", "1e-2",
                                "12345678901234567890123"}));
    case 2:
      return dice_.Chance(50);
    case 3:
      return nullptr;
    case 4:
      return AnyOrderedText(dice_);
    case 5:
    case 6:
    case 7:
      return AnyFieldText(dice_);
    case 8:
      return Json{{"a", AnyValue(depth + 1)}, {"größe", AnyValue(depth + 1)}};
    case 9: {
      Json list = Json::array();
      for (size_t n = dice_.Below(4); n > 0; --n) list.push_back(AnyValue(depth + 1));
      return list;
    }
    case 10:
      return Json::object();
    default:
      return Json{{"x", Json::array({Json{{"y", AnyValue(depth + 1)}}, AnyValue(depth + 1)})}};
  }
}

void WorldMaker::FillLabels(Json* labels) {
  if (dice_.Chance(75)) (*labels)["env"] = dice_.Pick({"dev", "dev", "dev", "prod", ""});
  if (dice_.Chance(50)) (*labels)["app"] = AnyLabelValue(dice_);
  if (dice_.Chance(50)) (*labels)["weight"] = dice_.Pick({"1", "5", "-3", "x", "", "10", "007"});
  if (dice_.Chance(30)) (*labels)["example.com/tier-1"] = AnyLabelValue(dice_);
  if (dice_.Chance(2)) (*labels)["rare"] = "1";
}

void WorldMaker::FillOwners(const World& world, const Object& object, Json* owners) {
  if (dice_.Chance(15)) owners->push_back(Json{{"uid", AnyUid(dice_)}, {"name", "other"}});
  if (dice_.Chance(60)) {
    // Mostly of an object that exists, in this cluster or in another one.
    std::string uid = AnyUid(dice_);
    if (!world.objects.empty() && dice_.Chance(80)) {
      for (int tries = 0; tries < 4; ++tries) {
        const Object& owner = dice_.Of(world.objects);
        uid = owner.Member("uid");
        if (owner.cluster == object.cluster) break;
      }
    }
    if (dice_.Chance(4)) uid = object.Member("uid");
    owners->push_back(Json{{"kind", "Some"}, {"uid", uid}, {"controller", true}});
  }
  if (dice_.Chance(15)) owners->push_back(Json{{"controller", false}, {"uid", AnyUid(dice_)}});
}

void WorldMaker::FillMetadata(const World& world, Object* object) {
  Json& metadata = object->document["metadata"];
  metadata["uid"] = AnyUid(dice_);
  metadata["resourceVersion"] =
      dice_.Pick({"1", "20", "3", "100", "v1", "99999999999999999999", "0"});
  if (!dice_.Chance(8)) {
    metadata["creationTimestamp"] =
        FormatRfc3339(kFirstCreated + static_cast<int64_t>(dice_.Below(12)));
  }
  if (dice_.Chance(20)) {
    metadata["deletionTimestamp"] =
        FormatRfc3339(kFirstCreated + static_cast<int64_t>(dice_.Below(4)));
  }
  if (!dice_.Chance(8)) FillLabels(&(metadata["labels"] = Json::object()));
  metadata["annotations"] = Json{{"shadow.clusterpedia.io/cluster-name", object->cluster},
                                 {"example.com/note", AnyFieldText(dice_)}};
  Json owners = Json::array();
  FillOwners(world, *object, &owners);
  if (!owners.empty()) metadata["ownerReferences"] = std::move(owners);
}

Json WorldMaker::Containers() {
  Json containers = Json::array();
  for (size_t n = dice_.Below(4); n > 0; --n) {
    Json container{{"name", dice_.Pick({"main", "side", "init"})},
                   {"image", dice_.Pick({"nginx", "nginx:1.2", "httpd", "busybox"})}};
    if (dice_.Chance(30)) container["limit"] = AnyValue(1);
    if (dice_.Chance(50)) {
      Json ports = Json::array();
      for (size_t p = dice_.Below(3); p > 0; --p)
        ports.push_back(Json{{"port", 80 + dice_.Below(3)}});
      container["ports"] = std::move(ports);
    }
    containers.push_back(dice_.Chance(6) ? AnyValue(1) : std::move(container));
  }
  return containers;
}

void WorldMaker::FillSpec(Object* object) {
  Json spec = Json::object();
  const auto some = [&](size_t percent, const char* name, auto make) {
    if (dice_.Chance(percent)) spec[name] = make();
  };
  some(60, "nodeName", [&] { return dice_.Pick({"node-1", "node-2", "node-3", ""}); });
  some(40, "serviceAccountName", [&] { return AnyFieldText(dice_); });
  some(40, "replicas", [&]() -> Json {
    if (dice_.Chance(20)) return AnyValue();
    return dice_.Below(12);
  });
  some(40, "paused", [&] { return dice_.Chance(50); });
  some(20, "hostNetwork", [&] { return AnyValue(); });
  some(20, "unschedulable", [&] { return dice_.Chance(50); });
  some(60, "containers", [&] { return dice_.Chance(4) ? AnyValue() : Containers(); });
  some(70, "mixed", [&] { return AnyValue(); });
  some(40, "data", [&] { return Json{{"x.y/z", AnyValue()}, {"größe", AnyValue(1)}}; });
  if (!dice_.Chance(5)) object->document["spec"] = std::move(spec);
  Json status = Json::object();
  if (dice_.Chance(80)) status["phase"] = dice_.Chance(5) ? AnyValue() : Json(AnyFieldText(dice_));
  if (dice_.Chance(50)) status["startTime"] = AnyOrderedText(dice_);
  if (dice_.Chance(50)) status["nominatedNodeName"] = "host-" + std::to_string(dice_.Below(60));
  if (dice_.Chance(60)) object->document["status"] = std::move(status);
}

void WorldMaker::FillEvent(const World& world, Object* object) {
  Json involved{{"kind", dice_.Pick({"Pod", "Node"})}, {"name", AnyName(dice_)}};
  if (!dice_.Chance(5)) {
    involved["uid"] = world.objects.empty() || dice_.Chance(20)
                          ? AnyUid(dice_)
                          : dice_.Of(world.objects).Member("uid");
  }
  object->document["involvedObject"] = std::move(involved);
  object->document["reason"] = dice_.Pick({"Started", "Killing", "Failed"});
  object->document["type"] = dice_.Pick({"Normal", "Warning"});
  object->document["count"] = dice_.Below(5);
}

Object WorldMaker::MakeObject(const World& world) {
  Object object;
  // Half of all are pods.
  object.type = dice_.Chance(45) ? &Types()[0] : &dice_.Of(Types());
  object.cluster = AnyCluster(dice_);
  Json metadata{{"name", AnyName(dice_)}};
  if (object.type->namespaced) {
    do metadata["namespace"] = AnyNamespace(dice_);
    while (metadata["namespace"] == "none");
  }
  object.document["metadata"] = std::move(metadata);
  return Change(world, object);
}

Object WorldMaker::Change(const World& world, const Object& object) {
  Object changed{object.type, object.cluster, {}, {dice_.Chance(15), dice_.Chance(20)}};
  if (dice_.Chance(80)) {
    changed.document =
        Json{{"kind", object.type->kind}, {"apiVersion", object.type->gvr.GroupVersion()}};
  }
  const Json& old = object.document.at("metadata");
  changed.document["metadata"] = Json{{"name", old.at("name")}};
  if (old.contains("namespace")) changed.document["metadata"]["namespace"] = old.at("namespace");
  FillMetadata(world, &changed);
  FillSpec(&changed);
  if (changed.type->gvr.resource == "events") FillEvent(world, &changed);
  return changed;
}

World WorldMaker::Make(size_t objects) {
  World world;
  std::set<std::string> names;
  for (size_t i = 0; i < objects; ++i) {
    Object object = MakeObject(world);
    const std::string name = object.type->gvr.ToString() + " " + object.cluster + " " +
                             object.Member("namespace") + " " + object.Member("name");
    if (names.insert(name).second) world.objects.push_back(std::move(object));
  }
  return world;
}

}  // namespace pedia::oracle
