// Exchange: one request on its way through the handlers, with what is already known about it and
// the place for its answer.
#pragma once
#include <memory>
#include <string_view>

#include "apiserver/authorizer.h"
#include "apiserver/http_server.h"
#include "apiserver/media_type.h"
#include "apiserver/request_info.h"
#include "apiserver/user_info.h"
#include "discovery/registry.h"
#include "meta/status.h"
#include "query/url_query.h"

namespace pedia::apiserver {

class FineGrainedAccess;

// Who asks.
struct Caller {
  UserInfo authenticated;   // By its credentials.
  UserInfo user;            // As whom it acts: the same, or the user that it impersonates.
  AccessDecision decision;  // Of the authorizer, about the path.
};

// Lives on the stack of the thread that handles the request; `request` outlives it.
struct Exchange {
  const HttpRequest& request;
  std::shared_ptr<ResponseWriter> response;
  RequestInfo info{};
  Caller caller{};
  FineGrainedAccess* access = nullptr;  // nullptr: the authorization of the path is all there is.
  query::UrlQuery query{};
  std::shared_ptr<const discovery::Snapshot> clusters{};
  HeaderFields headers{};       // Sent with the answer, whatever it will be.
  bool names_resource = false;  // info.gvr is a resource that is really served; only then it may
                                // become a metric's label.
};

// Adds a Warning header, which kubectl shows. What a header cannot hold is left out of `text`.
void AddWarning(Exchange& exchange, std::string_view text);
// Answers with a Status document; `status` must be a failure.
void SendStatus(Exchange& exchange, const Status& status);
// Adds the ETag "`tag`". True if the client has that already: then it is answered, with 304.
bool SendIfUnchanged(Exchange& exchange, std::string_view tag);
// Answers with text/plain.
void SendText(Exchange& exchange, int code, std::string_view text);
// Answers 200 with one JSON document in the form that `media` and the query (pretty) ask for,
// gzipped if large.
void SendDocument(Exchange& exchange, const MediaType& media, std::string_view json);
// As SendDocument, for documents that know no transforms; answers 406 by itself.
void SendPlainDocument(Exchange& exchange, std::string_view json);

}  // namespace pedia::apiserver
