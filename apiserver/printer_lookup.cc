#include "apiserver/printer_lookup.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "apiserver/field_tree.h"
#include "apiserver/table_cells.h"
#include "apiserver/table_custom.h"
#include "apiserver/table_definition.h"

namespace pedia::apiserver {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr size_t kMaxEntries = 256;
// Definitions may be large, and a fleet has many: no more than a twentieth of the time is spent
// with reading those of one question.
constexpr int kPauseFactor = 20;

const GroupVersionResource& Definitions() {
  static const GroupVersionResource gvr{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};
  return gvr;
}

// Collects the definitions of those clusters that sync the resource and its definition: only their
// rows are in the Table, and only their definitions are kept up to date.
class DefinitionSink : public storage::RowSink {
 public:
  DefinitionSink(const discovery::Snapshot& snapshot, const GroupVersionResource& gvr)
      : snapshot_(snapshot), gvr_(gvr), builder_(gvr.version) {
    cluster_ = tree_.Add(
        std::vector<std::string>{"metadata", "annotations", std::string(kClusterAnnotation)});
    versions_ = tree_.Add(std::vector<std::string>{"spec", "versions"});
  }

  bool Row(const storage::ListRow& row) override {
    std::array<std::string_view, 2> fields;
    tree_.Scan(row.body, fields);
    const std::string cluster = Text(fields[cluster_]);
    const discovery::ClusterState* state = snapshot_.Find(cluster);
    if (state != nullptr && state->synced.Find(gvr_) && state->synced.Find(Definitions()))
      builder_.Add(cluster, fields[versions_]);
    return true;
  }

  std::shared_ptr<const TablePrinter> Build() const { return builder_.Build(); }

 private:
  const discovery::Snapshot& snapshot_;
  const GroupVersionResource& gvr_;
  FieldTree tree_;
  size_t cluster_;
  size_t versions_;
  CustomTableBuilder builder_;
};

}  // namespace

std::shared_ptr<const TablePrinter> PrinterLookup::Find(const discovery::Snapshot& snapshot,
                                                        const query::ListScope& scope,
                                                        const query::NameSet& clusters, Time now) {
  const TablePrinter& built_in = FindTablePrinter(scope.gvr);
  std::shared_ptr<const TablePrinter> printer;
  // The groups of custom resources have a dot; most groups of Kubernetes' own kinds have none.
  if (&built_in == &FindTablePrinter({}) && scope.gvr.group.find('.') != std::string::npos) {
    Question question{scope.gvr, scope.cluster,
                      scope.cluster.empty() ? clusters : query::NameSet()};
    printer = FindEntry(question, now)->With([&](Answer& answer) {
      if (now < answer.expires) return answer.printer;
      const Time start = steady_clock::now();
      answer.printer = Read(snapshot, question);
      const auto took = steady_clock::now() - start;
      const auto pause =
          std::clamp<steady_clock::duration>(kPauseFactor * took, seconds(2), seconds(30));
      answer.expires = now + took + pause;
      return answer.printer;
    });
  }
  if (printer) return printer;
  return {std::shared_ptr<const TablePrinter>(), &built_in};  // Owned by nobody.
}

std::shared_ptr<Guarded<PrinterLookup::Answer>> PrinterLookup::FindEntry(const Question& question,
                                                                         Time now) {
  return entries_.With([&](Entries& entries) {
    auto found = entries.find(question);
    if (found == entries.end()) {
      if (entries.size() == kMaxEntries) {
        entries.erase(std::min_element(
            entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.second.asked < b.second.asked; }));
      }
      found = entries.emplace(question, Entry{std::make_shared<Guarded<Answer>>(), now}).first;
    }
    found->second.asked = now;
    return found->second.answer;
  });
}

std::shared_ptr<const TablePrinter> PrinterLookup::Read(const discovery::Snapshot& snapshot,
                                                        const Question& question) {
  DefinitionSink sink(snapshot, question.gvr);
  query::ListOptions options;
  options.clusters = question.clusters;
  options.names = {true, {question.gvr.GroupResource()}, {}};
  const auto result = store_.List(
      {Definitions(), question.cluster, ""}, options, [](const storage::ListHead&) {}, sink);
  return result.ok() ? sink.Build() : nullptr;
}

}  // namespace pedia::apiserver
