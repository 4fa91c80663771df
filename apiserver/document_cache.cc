#include "apiserver/document_cache.h"

#include <algorithm>

namespace pedia::apiserver {

Result<DocumentCache::Document> DocumentCache::Get(
    const std::string& key, const std::function<Result<std::string>()>& make) {
  if (Document found = Find(key)) return found;
  const std::scoped_lock lock(making_);
  if (Document found = Find(key)) return found;
  Result<std::string> made = make();
  if (!made.ok()) return made.status();
  made->shrink_to_fit();
  auto document = std::make_shared<const std::string>(*std::move(made));
  Keep(key, document);
  return Document(document);
}

DocumentCache::Document DocumentCache::Find(const std::string& key) {
  return state_.With([&](State& state) {
    const auto found = std::find_if(state.kept.begin(), state.kept.end(),
                                    [&](const auto& one) { return one.first == key; });
    if (found == state.kept.end()) return Document();
    state.kept.splice(state.kept.begin(), state.kept, found);
    return found->second;
  });
}

void DocumentCache::Keep(const std::string& key, Document document) {
  state_.With([&](State& state) {
    size_t total = state.room;
    for (const auto& [name, one] : state.kept) total += one->size();
    if (document->size() > total) return;
    while (state.room < document->size()) {
      state.room += state.kept.back().second->size();
      state.kept.pop_back();
    }
    state.room -= document->size();
    state.kept.emplace_front(key, std::move(document));
  });
}

}  // namespace pedia::apiserver
