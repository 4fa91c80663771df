// RbacInformers: keeps an RbacIndex up to date with the management cluster. Needs list and watch of
// roles, rolebindings, clusterroles and clusterrolebindings there; without them the index never
// gets complete.
#pragma once
#include <memory>
#include <vector>

#include "apiserver/rbac_index.h"
#include "kube/client.h"
#include "kube/informer.h"

namespace pedia::apiserver {

// Thread-safe. `client` and `index` must outlive it.
class RbacInformers {
 public:
  RbacInformers(kube::Client& client, RbacIndex& index);
  ~RbacInformers();
  RbacInformers(const RbacInformers&) = delete;
  RbacInformers& operator=(const RbacInformers&) = delete;

 private:
  class Handler;
  std::vector<std::unique_ptr<Handler>> handlers_;
  std::vector<std::unique_ptr<kube::Informer>> informers_;  // Last: they use the handlers.
};

}  // namespace pedia::apiserver
