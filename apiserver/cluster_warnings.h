// Warnings about clusters whose objects may be old, incomplete or missing in an answer. kubectl
// shows them:
//   Warning: c1 is not ready and the resources obtained may be inaccurate, reason: NotReachable
//   Warning: 2 of 500 clusters are still syncing pods and the resources obtained may be incomplete:
//       c4, c5
//   Warning: unknown cluster "c0"
// Source: Clusterpedia's Warning of a cluster that is not ready; RFC 7234 5.5.
#pragma once
#include "apiserver/exchange.h"
#include "query/list_options.h"

namespace pedia::apiserver {

// Adds Warning headers about the clusters that an answer to `scope` and `clusters` comes from: that
// of the path, those of `clusters`, or all. Of one cluster it is about the cluster, of several one
// line for each kind of trouble, with at most five of their names. Clusters that do not sync the
// resource, or none of a collection's, do not count, those that have not been asked yet what they
// serve do. `clusters` does not count if the path names a cluster. Nothing to do in a fleet that is
// well.
void WarnAboutClusters(Exchange& exchange, const query::ListScope& scope,
                       const query::NameSet& clusters);

}  // namespace pedia::apiserver
