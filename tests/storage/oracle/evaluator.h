// Evaluator: answers a list by looking at every object in memory, by what the headers of query/ and
// storage/store.h document. Shares no code with the store or with the scanners of query/.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/storage/oracle/question.h"
#include "tests/storage/oracle/typed_text.h"
#include "tests/storage/oracle/world.h"

namespace pedia::oracle {

// The texts at `path`, in document order.
std::vector<std::string> TextsAt(const Object& object, const query::FieldPath& path);

// `world` must outlive it. One thread.
class Evaluator {
 public:
  explicit Evaluator(const World& world);

  Answer Ask(const Question& question) const;
  // The bodies of the events of an object that `access` lets see, sorted.
  std::vector<std::string> EventsOf(const Object& object, const query::AccessFilter& access) const;

 private:
  // What is read from each object once.
  struct Facts {
    const Object* object;
    std::string name_space, name, uid, controller;
    std::optional<int64_t> created, deleted, version;
    std::string row;  // As in Page.
  };
  using Value = std::optional<TypedText>;  // Missing is last in both directions.
  using Uids = std::set<std::pair<std::string, std::string>>;  // Cluster and uid.

  static Facts FactsOf(const Object& object);
  static bool InScope(const Facts& facts, const Question& question);
  static bool MatchesOptions(const Facts& facts, const query::ListOptions& options);
  static bool IsSeen(const Facts& facts, const query::ListOptions& options);
  // The objects whose controller, or that of it and so on, is wanted.
  std::set<const Facts*> OwnedObjects(const Question& question) const;
  Uids OwnerUids(const Question& question) const;
  static Value ValueOf(const Facts& facts, const query::OrderBy& order);
  static std::vector<const Facts*> Sorted(const std::vector<const Facts*>& found,
                                          const query::ListOptions& options);
  static storage::FacetCounts Count(const query::Facet& facet,
                                    const std::vector<const Facts*>& found);

  std::vector<Facts> facts_;
  // By cluster and uid of what they are about.
  std::map<std::pair<std::string, std::string>, std::vector<const Object*>> events_;
};

}  // namespace pedia::oracle
