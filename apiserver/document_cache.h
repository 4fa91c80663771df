// DocumentCache: documents that take some work to make, kept as long as there is room.
#pragma once
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "meta/guarded.h"
#include "meta/result.h"

namespace pedia::apiserver {

// Thread-safe.
class DocumentCache {
 public:
  using Document = std::shared_ptr<const std::string>;

  // `max_bytes`: of all the documents together; those that were used last stay.
  explicit DocumentCache(size_t max_bytes) : state_(State{max_bytes, {}}) {}

  // What `make` has once given for `key`, or gives now. One document is made at a time: who asks for
  // the same waits for it, and what the making takes of memory is taken once. Errors: those of
  // `make`; they are not kept.
  Result<Document> Get(const std::string& key, const std::function<Result<std::string>()>& make);

 private:
  struct State {
    size_t room;                                         // Bytes.
    std::list<std::pair<std::string, Document>> kept{};  // Used last first.
  };

  Document Find(const std::string& key);
  void Keep(const std::string& key, Document document);

  Guarded<State> state_;
  std::mutex making_;
};

}  // namespace pedia::apiserver
