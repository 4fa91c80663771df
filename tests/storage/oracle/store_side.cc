#include "tests/storage/oracle/store_side.h"

#include <algorithm>
#include <cstdlib>

#include "query/continue_token.h"
#include "query/url_query.h"
#include "storage/object_row.h"
#include "tests/storage/oracle/spelling.h"

namespace pedia::oracle {
namespace {

class PageSink : public storage::RowSink {
 public:
  bool Row(const storage::ListRow& row) override {
    page.rows.push_back(row.type.gvr.ToString() + " " + row.type.kind + " " +
                        std::string(row.body));
    page.events.emplace_back(row.events.begin(), row.events.end());
    std::sort(page.events.back().begin(), page.events.back().end());
    return true;
  }
  Page page;
};

// The options that the store is asked with: the question's own, or what their text gives.
class Asker {
 public:
  explicit Asker(const Question& question) : question_(question) {
    if (question.spelling != 0) text_ = Spell(question);
  }

  Result<query::ListOptions> First() {
    if (!text_) {
      query::ListOptions options = question_.options;
      if (options.owner) options.owner->namespaces = options.namespaces;
      return options;
    }
    return Parse(*text_);
  }

  // The options of the page after `key`.
  Result<query::ListOptions> Next(query::ListOptions options, const std::string& key) {
    if (!text_) {
      options.start = {key, 0};
      return options;
    }
    const std::string token =
        query::FormatContinueToken(query::Fingerprint(question_.scope, options), key);
    // The first value of a parameter counts.
    return Parse("continue=" + query::EncodeUrlComponent(token) + "&" + *text_);
  }

 private:
  Result<query::ListOptions> Parse(const std::string& text) {
    const Result<query::UrlQuery> url = query::ParseUrlQuery(text);
    if (!url.ok()) return url.status();
    Result<query::ListOptions> options = query::ParseListOptions(question_.scope, *url);
    if (options.ok()) options->access = question_.options.access;
    return options;
  }

  const Question& question_;
  std::optional<std::string> text_;
};

}  // namespace

storage::Change UpsertOf(const Object& object) {
  Result<storage::ObjectRow> row = storage::EncodeObject(object.type->gvr, object.Body());
  if (!row.ok()) std::abort();
  return {storage::Change::Action::kUpsert, object.cluster, object.type->gvr, object.type->kind,
          std::move(*row)};
}

storage::Change DeletionOf(const Object& object) {
  storage::Change change{
      storage::Change::Action::kDelete, object.cluster, object.type->gvr, object.type->kind, {}};
  change.row.name_space = object.Member("namespace");
  change.row.name = object.Member("name");
  return change;
}

Answer Ask(storage::Store& store, const Question& question) {
  Answer answer;
  Asker asker(question);
  Result<query::ListOptions> options = asker.First();
  while (options.ok()) {
    PageSink sink;
    int heads = 0;
    const auto head = [&](const storage::ListHead&) { ++heads; };
    Result<storage::ListResult> result = store.List(question.scope, *options, head, sink);
    if (!result.ok()) {
      answer.error = "list: " + result.status().ToString();
      return answer;
    }
    if (heads != 1) answer.error = "the head came " + std::to_string(heads) + " times";
    sink.page.more = !result->next_key.empty();
    sink.page.remaining = result->remaining_count;
    answer.pages.push_back(std::move(sink.page));
    if (answer.pages.size() == 1) {
      answer.facets = std::move(result->facets);
      answer.total = result->total;
    }
    if (result->next_key.empty() || answer.pages.size() == kMaxPages) return answer;
    options = asker.Next(*std::move(options), result->next_key);
  }
  answer.error = "options: " + options.status().ToString();
  return answer;
}

}  // namespace pedia::oracle
