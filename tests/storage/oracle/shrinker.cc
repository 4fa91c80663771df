#include "tests/storage/oracle/shrinker.h"

#include <utility>
#include <vector>

namespace pedia::oracle {
namespace {

class Shrinker {
 public:
  Shrinker(FailingCase failing, const Trial& trial, int trials)
      : best_(std::move(failing)), trial_(trial), trials_(trials) {}

  FailingCase Run() {
    do {
      improved_ = false;
      DropObjects();
      SimplifyQuestion();
      SimplifyObjects();
    } while (improved_ && trials_ > 0);
    return std::move(best_);
  }

 private:
  // Keeps `candidate` if it fails, too.
  bool Try(FailingCase candidate) {
    if (trials_ <= 0) return false;
    --trials_;
    if (trial_(candidate).empty()) return false;
    best_ = std::move(candidate);
    improved_ = true;
    return true;
  }

  bool TryOptions(const std::function<void(query::ListOptions*)>& change) {
    FailingCase candidate = best_;
    change(&candidate.question.options);
    return Try(std::move(candidate));
  }

  // Halves, quarters, ..., single objects.
  void DropObjects() {
    for (size_t size = best_.world.objects.size(); size > 0; size /= 2) {
      for (size_t begin = 0; begin < best_.world.objects.size();) {
        FailingCase candidate = best_;
        std::vector<Object>& objects = candidate.world.objects;
        const size_t end = std::min(begin + size, objects.size());
        objects.erase(objects.begin() + static_cast<std::ptrdiff_t>(begin),
                      objects.begin() + static_cast<std::ptrdiff_t>(end));
        if (!Try(std::move(candidate))) begin += size;
      }
    }
  }

  // Tries to drop each element of a member of the options.
  template <typename Element>
  void DropElements(std::vector<Element> query::ListOptions::*member) {
    for (size_t i = 0; i < (best_.question.options.*member).size();) {
      const bool dropped = TryOptions([&](query::ListOptions* options) {
        (options->*member).erase((options->*member).begin() + static_cast<std::ptrdiff_t>(i));
      });
      if (!dropped) ++i;
    }
  }

  template <typename Value>
  void Reset(Value query::ListOptions::*member) {
    if (best_.question.options.*member == Value()) return;
    TryOptions([&](query::ListOptions* options) { options->*member = Value(); });
  }

  void DropValues(std::vector<std::string>* (*values)(query::ListOptions*), size_t keep) {
    for (size_t i = 0; i < values(&best_.question.options)->size();) {
      const bool dropped =
          values(&best_.question.options)->size() > keep &&
          TryOptions([&](query::ListOptions* options) {
            values(options)->erase(values(options)->begin() + static_cast<std::ptrdiff_t>(i));
          });
      if (!dropped) ++i;
    }
  }

  void SimplifyQuestion() {
    FailingCase plain = best_;
    plain.question.spelling = 0;
    if (best_.question.spelling != 0) Try(std::move(plain));
    FailingCase anywhere = best_;
    anywhere.question.scope.cluster.clear();
    if (!best_.question.scope.cluster.empty()) Try(std::move(anywhere));
    anywhere = best_;
    anywhere.question.scope.name_space.clear();
    if (!best_.question.scope.name_space.empty()) Try(std::move(anywhere));
    for (size_t i = 0;
         best_.question.scope.patterns.size() > 1 && i < best_.question.scope.patterns.size();) {
      FailingCase fewer = best_;
      fewer.question.scope.patterns.erase(fewer.question.scope.patterns.begin() +
                                          static_cast<std::ptrdiff_t>(i));
      if (!Try(std::move(fewer))) ++i;
    }
    DropElements(&query::ListOptions::label_selector);
    DropElements(&query::ListOptions::field_selector);
    DropElements(&query::ListOptions::order_by);
    DropElements(&query::ListOptions::facets);
    DropElements(&query::ListOptions::fuzzy_names);
    DropElements(&query::ListOptions::not_fuzzy_names);
    Reset(&query::ListOptions::with_remaining_count);
    Reset(&query::ListOptions::inject_events);
    Reset(&query::ListOptions::counts_only);
    Reset(&query::ListOptions::limit);
    Reset(&query::ListOptions::since);
    Reset(&query::ListOptions::before);
    const query::ListOptions& options = best_.question.options;
    if (options.start.offset != 0) TryOptions([](query::ListOptions* o) { o->start = {}; });
    if (options.owner) TryOptions([](query::ListOptions* o) { o->owner.reset(); });
    if (options.owner && options.owner->seniority > 0)
      TryOptions([](query::ListOptions* o) { o->owner->seniority = 0; });
    SimplifyNames();
    SimplifyAccess();
    DropRequirementValues(&query::ListOptions::label_selector);
    DropRequirementValues(&query::ListOptions::field_selector);
  }

  // Lists of values down to one.
  template <typename Requirement>
  void DropRequirementValues(std::vector<Requirement> query::ListOptions::*member) {
    for (size_t i = 0; i < (best_.question.options.*member).size(); ++i) {
      for (size_t k = 0; k < (best_.question.options.*member)[i].values.size();) {
        const bool dropped = (best_.question.options.*member)[i].values.size() > 1 &&
                             TryOptions([&](query::ListOptions* options) {
                               auto& values = (options->*member)[i].values;
                               values.erase(values.begin() + static_cast<std::ptrdiff_t>(k));
                             });
        if (!dropped) ++k;
      }
    }
  }

  void SimplifyNames() {
    TryOptions([](query::ListOptions* o) { o->clusters = {}; });
    TryOptions([](query::ListOptions* o) { o->namespaces = {}; });
    TryOptions([](query::ListOptions* o) { o->names = {}; });
    DropValues([](query::ListOptions* o) { return &o->clusters.in; }, 1);
    DropValues([](query::ListOptions* o) { return &o->clusters.not_in; }, 0);
    DropValues([](query::ListOptions* o) { return &o->namespaces.in; }, 1);
    DropValues([](query::ListOptions* o) { return &o->namespaces.not_in; }, 0);
    DropValues([](query::ListOptions* o) { return &o->names.in; }, 1);
    DropValues([](query::ListOptions* o) { return &o->names.not_in; }, 0);
  }

  void SimplifyAccess() {
    Reset(&query::ListOptions::access);
    for (size_t i = 0; i < AccessCount(); ++i) {
      TryFilter(i, [](query::AccessFilter* access) { *access = {}; });
      DropEntries(i, &query::AccessFilter::clusters);
      DropEntries(i, &query::AccessFilter::namespaces);
      DropEntries(i, &query::AccessFilter::cluster_namespaces);
    }
  }

  size_t AccessCount() const {
    const auto& access = best_.question.options.access;
    return access ? access->resources.size() : 0;
  }

  bool TryFilter(size_t i, const std::function<void(query::AccessFilter*)>& change) {
    const query::AccessFilter& old = best_.question.options.access->resources[i].second;
    query::AccessFilter changed = old;
    change(&changed);
    return changed != old && TryOptions([&](query::ListOptions* options) {
             options->access->resources[i].second = std::move(changed);
           });
  }

  template <typename Entry>
  void DropEntries(size_t i, std::vector<Entry> query::AccessFilter::*member) {
    for (size_t k = 0; k < (best_.question.options.access->resources[i].second.*member).size();) {
      const bool dropped = TryFilter(i, [&](query::AccessFilter* access) {
        auto& entries = access->*member;
        entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(k));
      });
      if (!dropped) ++k;
    }
  }

  // Drops members of the documents, down to the third level.
  void SimplifyObjects() {
    for (size_t i = 0; i < best_.world.objects.size(); ++i) {
      if (best_.world.objects[i].spelling.blanks || best_.world.objects[i].spelling.escaped) {
        FailingCase candidate = best_;
        candidate.world.objects[i].spelling = {};
        Try(std::move(candidate));
      }
      SimplifyMembers(i, "", 0);
    }
  }

  void SimplifyMembers(size_t object, const std::string& at, int depth) {
    const Json parent = best_.world.objects[object].document.at(Json::json_pointer(at));
    if (!parent.is_object() || depth > 3) return;
    for (const auto& [key, member] : parent.items()) {
      // Without a name there is no object.
      const bool needed = at.empty() ? key == "metadata"
                                     : at == "/metadata" && (key == "name" || key == "namespace");
      Json::json_pointer pointer(at);
      pointer /= key;
      FailingCase candidate = best_;
      candidate.world.objects[object].document.at(Json::json_pointer(at)).erase(key);
      if (needed || !Try(std::move(candidate)))
        SimplifyMembers(object, pointer.to_string(), depth + 1);
    }
  }

  FailingCase best_;
  const Trial& trial_;
  int trials_;
  bool improved_ = false;
};

}  // namespace

FailingCase Shrink(FailingCase failing, const Trial& trial, int trials) {
  return Shrinker(std::move(failing), trial, trials).Run();
}

std::string Report(const FailingCase& failing, const std::string& difference) {
  std::string text = difference + "\nquestion:\n" + Describe(failing.question) + "objects:\n";
  constexpr size_t kShown = 20;
  for (const Object& object : failing.world.objects) {
    if (&object - failing.world.objects.data() == kShown)
      return text + "  and others, " + std::to_string(failing.world.objects.size()) + " in all\n";
    text +=
        "  " + object.type->gvr.ToString() + " in '" + object.cluster + "' " + object.Body() + "\n";
  }
  return text;
}

}  // namespace pedia::oracle
