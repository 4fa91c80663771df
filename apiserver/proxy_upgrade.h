// Connections through pedia that leave HTTP: the member's answer decides, then bytes both ways.
#pragma once
#include <memory>
#include <string>

#include "apiserver/proxy_answer.h"
#include "kube/client.h"

namespace pedia::apiserver {

// `protocol`: of the Upgrade header. An answer that is not 101 goes back as it is. Never blocks;
// thread-safe.
void ForwardUpgrade(std::shared_ptr<ProxyAnswer> answer,
                    const std::shared_ptr<kube::Client>& client, kube::Request request,
                    std::string protocol);

}  // namespace pedia::apiserver
