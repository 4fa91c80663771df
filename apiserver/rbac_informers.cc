#include "apiserver/rbac_informers.h"

#include <string>
#include <string_view>
#include <utility>

#include "meta/log.h"

namespace pedia::apiserver {
namespace {

using Kind = RbacIndex::Kind;

constexpr std::pair<Kind, const char*> kKinds[] = {
    {Kind::kClusterRole, "clusterroles"},
    {Kind::kRole, "roles"},
    {Kind::kClusterRoleBinding, "clusterrolebindings"},
    {Kind::kRoleBinding, "rolebindings"},
};
static_assert(std::size(kKinds) == RbacIndex::kKinds);

}  // namespace

class RbacInformers::Handler : public kube::InformerHandler {
 public:
  Handler(RbacIndex& index, Kind kind, const char* resource)
      : index_(index), kind_(kind), resource_(resource) {}

  void OnObject(std::string_view name_space, std::string_view name,
                std::string_view json) override {
    index_.Set(kind_, name_space, name, json);
  }
  void OnDelete(std::string_view name_space, std::string_view name) override {
    index_.Delete(kind_, name_space, name);
  }
  void OnSynced() override {
    index_.SetComplete(kind_);
    last_error_.clear();
  }
  // The same failure is worth one line.
  void OnError(const Status& status) override {
    if (status.message() == last_error_) return;
    last_error_ = status.message();
    LogWarning("the " + resource_ +
               " of the management cluster cannot be read, so that lists over several clusters may "
               "show too little: " +
               last_error_);
  }

 private:
  RbacIndex& index_;
  const Kind kind_;
  const std::string resource_;
  std::string last_error_;
};

RbacInformers::RbacInformers(kube::Client& client, RbacIndex& index) {
  for (const auto& [kind, resource] : kKinds) {
    handlers_.push_back(std::make_unique<Handler>(index, kind, resource));
    informers_.push_back(std::make_unique<kube::Informer>(
        client,
        kube::InformerOptions{.path =
                                  std::string("/apis/rbac.authorization.k8s.io/v1/") + resource},
        *handlers_.back()));
  }
}

RbacInformers::~RbacInformers() = default;

}  // namespace pedia::apiserver
