#include "policy/object_cache.h"

namespace pedia::policy {
namespace {

constexpr std::chrono::milliseconds kBackoffMax{10'000};

kube::InformerOptions Options(std::string path) {
  kube::InformerOptions options;
  options.path = std::move(path);
  options.backoff_max = kBackoffMax;
  return options;
}

// Whether the server has answered that this cannot be read, and not just been away.
bool IsRefusal(const Status& status) {
  switch (status.reason()) {
    case StatusReason::kUnauthorized:
    case StatusReason::kForbidden:
    case StatusReason::kNotFound:
    case StatusReason::kMethodNotAllowed:
      return true;
    default:
      return false;
  }
}

}  // namespace

ObjectCache::ObjectCache(kube::Client& client, std::string path, std::function<void()> changed,
                         Reduce reduce)
    : changed_(std::move(changed)), reduce_(std::move(reduce)) {
  informer_ = std::make_unique<kube::Informer>(client, Options(std::move(path)), *this);
}

ObjectCache::~ObjectCache() { informer_.reset(); }

ObjectCache::Text ObjectCache::Find(const std::string& name_space, const std::string& name) const {
  return state_.With([&](const State& state) {
    const auto found = state.objects.find({name_space, name});
    return found == state.objects.end() ? nullptr : found->second;
  });
}

std::map<ObjectCache::Key, ObjectCache::Text> ObjectCache::All() const {
  return state_.With([](const State& state) { return state.objects; });
}

Status ObjectCache::failure() const {
  const auto [error, failed] =
      state_.With([](const State& state) { return std::pair(state.error, state.failed); });
  // A watch that is open again tells nobody, but is heard.
  if (error.ok() || informer_->last_heard() > failed) return {};
  return !synced() || IsRefusal(error) ? error : Status();
}

void ObjectCache::OnObject(std::string_view name_space, std::string_view name,
                           std::string_view json) {
  std::string text = reduce_ ? reduce_(json) : std::string(json);
  if (text.empty()) return OnDelete(name_space, name);
  const bool is_new = state_.With([&](State& state) {
    state.error = Status();
    Text& known = state.objects[Key(name_space, name)];
    if (known != nullptr && *known == text) return false;
    known = std::make_shared<const std::string>(std::move(text));
    return true;
  });
  if (is_new) changed_();
}

void ObjectCache::OnDelete(std::string_view name_space, std::string_view name) {
  const size_t erased = state_.With([&](State& state) {
    state.error = Status();
    return state.objects.erase(Key(name_space, name));
  });
  if (erased > 0) changed_();
}

void ObjectCache::OnSynced() {
  state_.With([](State& state) { state.error = Status(); });
  changed_();
}

void ObjectCache::OnError(const Status& status) {
  const bool is_new = state_.With([&](State& state) {
    const bool other = state.error.reason() != status.reason();
    state.error = status;
    state.failed = Clock::now();
    return other;
  });
  if (is_new) changed_();
}

}  // namespace pedia::policy
