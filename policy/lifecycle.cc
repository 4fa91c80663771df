#include "policy/lifecycle.h"

#include <utility>

#include "meta/json_string.h"
#include "policy/template.h"

namespace pedia::policy {
namespace {

constexpr const char* kCreated = "Created";
constexpr const char* kUpdating = "Updating";

// The data of templates, which grows by one reference after the other.
class TemplateData {
 public:
  explicit TemplateData(const std::string& source) : source_(source) {}
  void AddReference(const std::string& key, const std::string& object) {
    references_ += (references_.empty() ? "" : ",") + JsonString(key) + ":" + object;
  }
  std::string Json() const {
    return "{\"source\":" + source_ + ",\"references\":{" + references_ + "}}";
  }

 private:
  const std::string& source_;
  std::string references_;
};

Result<std::string> Fill(const std::string& text, const std::string& data) {
  const auto parsed = Template::Parse(text);
  if (!parsed.ok()) return parsed.status();
  return parsed->Execute(data);
}

Result<ObjectReference> ResolveReference(const ReferenceTemplate& reference,
                                         const std::string& data) {
  ObjectReference resolved{reference.gvr, "", ""};
  if (!reference.name_space.empty()) {
    auto name_space = Fill(reference.name_space, data);
    if (!name_space.ok()) return BadRequest("namespaceTemplate: " + name_space.status().message());
    resolved.name_space = *std::move(name_space);
  }
  auto name = Fill(reference.name, data);
  if (!name.ok()) return BadRequest("nameTemplate: " + name.status().message());
  resolved.name = *std::move(name);
  if (resolved.name.empty()) return BadRequest("the name is empty");
  return resolved;
}

class Decider {
 public:
  Decider(const Lifecycle& lifecycle, const LifecycleView& view, int64_t now)
      : lifecycle_(lifecycle), view_(view), now_(now) {
    decision_.conditions = lifecycle.conditions;
    decision_.references = lifecycle.resolved;
  }

  LifecycleDecision Decide() {
    if (view_.cluster != nullptr) {
      Set(kCreated, true, IsOwner() ? "PediaClusterCreated" : "PediaClusterExisted", "");
    } else {
      RemoveCondition(kUpdating, &decision_.conditions);
    }
    DecideRest();
    return std::move(decision_);
  }

 private:
  bool IsOwner() const {
    for (const OwnerReference& owner : view_.cluster->meta.owners) {
      if (owner.uid == lifecycle_.meta.uid) return true;
    }
    return false;
  }
  void Set(const char* type, bool good, std::string reason, std::string message) {
    SetCondition({type, good ? "True" : "False", std::move(reason), std::move(message), 0}, now_,
                 &decision_.conditions);
  }
  // What stands in the way of creating, or of updating.
  void Stop(std::string reason, std::string message = "") {
    Set(view_.cluster == nullptr ? kCreated : kUpdating, false, std::move(reason),
        std::move(message));
  }

  void DecideRest() {
    if (!view_.orphan.empty()) return Stop("OrphanLifecycle", view_.orphan);
    if (view_.not_synced) return Stop("WaitDependentResourceSynced", *view_.not_synced);
    const auto source = view_.find(lifecycle_.spec.source);
    if (source == nullptr)
      return Stop("SourceResourceNotFound", "there is no " + lifecycle_.spec.source.ToString());
    TemplateData data(*source);
    if (!ResolveReferences(&data)) return;
    const std::string json = data.Json();
    if (view_.cluster != nullptr) return DecideUpdate(json);
    DecideCreation(json);
  }

  bool ResolveReferences(TemplateData* data) {
    decision_.references.clear();
    for (const ReferenceTemplate& reference : lifecycle_.spec.references) {
      auto resolved = ResolveReference(reference, data->Json());
      if (!resolved.ok()) {
        Stop("FailedReferenceResourceParse",
             "reference \"" + reference.key + "\": " + resolved.status().message());
        return false;
      }
      decision_.references.push_back(*resolved);
      const auto object = view_.find(*resolved);
      if (object == nullptr) {
        Stop("ReferenceResourceNotFound",
             "reference \"" + reference.key + "\": there is no " + resolved->ToString());
        return false;
      }
      data->AddReference(reference.key, *object);
    }
    return true;
  }

  // Nothing if it cannot be had, which is said then.
  std::optional<PediaClusterDraft> Draft(const std::string& data) {
    const auto yaml = Fill(lifecycle_.spec.templates.pedia_cluster, data);
    auto draft = yaml.ok() ? ParsePediaClusterDraft(*yaml, lifecycle_.meta.name)
                           : Result<PediaClusterDraft>(yaml.status());
    if (draft.ok()) return *std::move(draft);
    Stop("FailedResolveAndDecodePediaCluster", "template: " + draft.status().message());
    return std::nullopt;
  }

  void DecideCreation(const std::string& data) {
    const auto condition = Template::Parse(lifecycle_.spec.templates.creation_condition);
    const auto wanted = condition.ok() ? condition->IsTrue(data) : Result<bool>(condition.status());
    if (!wanted.ok())
      return Stop("WaitCreationCondition", "creationCondition: " + wanted.status().message());
    if (!*wanted) return Stop("WaitCreationCondition");
    const auto draft = Draft(data);
    if (!draft) return;
    auto body = PediaClusterToCreate(*draft, lifecycle_);
    if (!body.ok()) return Stop("FailedSetOwner", body.status().message());
    decision_.write = LifecycleDecision::Write::kCreate;
    decision_.body = *std::move(body);
    Set(kCreated, true, "PediaClusterCreated", "");
  }

  void DecideUpdate(const std::string& data) {
    // What is on its way out is not touched; it is made anew when it is gone.
    if (view_.cluster->meta.deleting) return;
    const auto draft = Draft(data);
    if (!draft) return;
    if (draft->connection != view_.cluster->connection) {
      decision_.write = LifecycleDecision::Write::kPatch;
      decision_.body = ConnectionPatch(draft->connection);
    }
    Set(kUpdating, true, "PediaClusterUpdated", "");
  }

  const Lifecycle& lifecycle_;
  const LifecycleView& view_;
  const int64_t now_;
  LifecycleDecision decision_;
};

}  // namespace

LifecycleDecision Decide(const Lifecycle& lifecycle, const LifecycleView& view, int64_t now) {
  return Decider(lifecycle, view, now).Decide();
}

std::vector<Condition> AfterFailedWrite(const LifecycleDecision& decision,
                                        const Lifecycle& lifecycle, const Status& status,
                                        int64_t now) {
  const bool creation = decision.write == LifecycleDecision::Write::kCreate;
  // From the old conditions, so that one that was false already keeps its time.
  std::vector<Condition> conditions = lifecycle.conditions;
  if (creation) {
    RemoveCondition(kUpdating, &conditions);
  } else {
    for (const Condition& condition : decision.conditions) {
      if (condition.type == kCreated) SetCondition(condition, now, &conditions);
    }
  }
  SetCondition({creation ? kCreated : kUpdating, "False",
                creation ? "CreationFailure" : "FailedPatchPediaCluster", status.message(), 0},
               now, &conditions);
  return conditions;
}

}  // namespace pedia::policy
