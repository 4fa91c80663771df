#include "kube/kubeconfig.h"

#include <algorithm>
#include <cstdlib>

#include "kube/bounded_file.h"
#include "kube/kubeconfig_resolver.h"
#include "kube/yaml_document.h"
#include "meta/json_reader.h"

namespace pedia::kube {
namespace {

namespace fs = std::filesystem;

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Which list of a file goes into which map: clusters: [{name: a, cluster: {...}}].
struct Section {
  std::string_view list;
  std::string_view body;
  std::map<std::string, KubeconfigEntry> MergedKubeconfig::*entries;
};
constexpr Section kSections[] = {{"clusters", "cluster", &MergedKubeconfig::clusters},
                                 {"users", "user", &MergedKubeconfig::users},
                                 {"contexts", "context", &MergedKubeconfig::contexts}};

Status FailureAt(const YamlNode& node, const std::string& why) {
  return BadRequest("line " + std::to_string(node.line) + ": " + why);
}

Status MergeSection(const YamlNode& root, const Section& section, const fs::path& folder,
                    MergedKubeconfig* merged) {
  const YamlNode* const list = root.Find(section.list);
  if (list == nullptr) return Status();
  const std::string name_of_list(section.list);
  if (list->kind != YamlNode::Kind::kSequence)
    return FailureAt(*list, name_of_list + " is not a list");
  static const auto kNothing = std::make_shared<const YamlNode>();
  for (const auto& element : list->elements) {
    const YamlNode* const name = element->Find("name");
    if (element->kind != YamlNode::Kind::kMap || name == nullptr ||
        name->kind != YamlNode::Kind::kScalar) {
      return FailureAt(*element, "an element of " + name_of_list + " has no name");
    }
    KubeconfigEntry entry{kNothing, folder};
    for (const auto& [key, value] : element->members) {
      if (key == section.body) entry.body = value;
    }
    const bool added = (merged->*section.entries).emplace(name->text, std::move(entry)).second;
    if (added && section.list == "contexts") merged->context_names.push_back(name->text);
  }
  return Status();
}

// The first file that has a name or a current-context wins.
Status MergeDocument(std::string_view yaml, const fs::path& folder, MergedKubeconfig* merged) {
  const Result<std::shared_ptr<const YamlNode>> root = ParseYaml(yaml);
  if (!root.ok()) return root.status();
  if ((*root)->kind == YamlNode::Kind::kNull) return Status();
  if ((*root)->kind != YamlNode::Kind::kMap) return FailureAt(**root, "it is not a kubeconfig");
  if (const YamlNode* const kind = (*root)->Find("kind");
      kind != nullptr && kind->text != "Config") {
    return FailureAt(*kind, "it is not of kind Config");
  }
  for (const Section& section : kSections) {
    if (const Status status = MergeSection(**root, section, folder, merged); !status.ok())
      return status;
  }
  const YamlNode* const current = (*root)->Find("current-context");
  if (current != nullptr && merged->current_context.empty())
    merged->current_context = current->text;
  return Status();
}

}  // namespace

std::vector<fs::path> KubeconfigFiles(std::string_view explicit_path) {
  if (!explicit_path.empty()) return {fs::path(explicit_path)};
  std::vector<fs::path> files;
  const std::string list = Environment("KUBECONFIG");
  for (size_t at = 0; at <= list.size();) {
    const size_t end = std::min(list.find(':', at), list.size());
    const fs::path file = list.substr(at, end - at);
    if (!file.empty() && std::find(files.begin(), files.end(), file) == files.end())
      files.push_back(file);
    at = end + 1;
  }
  const std::string home = Environment("HOME");
  if (files.empty() && !home.empty()) files.push_back(fs::path(home) / ".kube" / "config");
  return files;
}

Result<Kubeconfig> LoadKubeconfig(const std::vector<fs::path>& files) {
  MergedKubeconfig merged;
  Kubeconfig result;
  bool found = false;
  std::string names;
  for (const fs::path& file : files) {
    std::error_code ignored;
    const fs::path path = fs::absolute(file, ignored);
    const std::string name = JsonString(file.string());
    names += (names.empty() ? "" : ", ") + name;
    result.files.push_back(path);
    const Result<std::string> content = ReadBoundedFile(path, kMaxYamlBytes);
    if (!content.ok() && content.status().reason() == StatusReason::kNotFound) continue;
    if (!content.ok()) return BadRequest("kubeconfig " + name + ": " + content.status().message());
    found = true;
    const Status status = MergeDocument(*content, path.parent_path(), &merged);
    if (!status.ok()) return BadRequest("kubeconfig " + name + ": " + status.message());
  }
  if (files.empty()) return BadRequest("no kubeconfig: neither $KUBECONFIG nor $HOME is set");
  if (!found) return BadRequest("no kubeconfig: there is no file " + names);

  KubeconfigResolver resolver(merged, /*allow_files=*/true);
  for (const std::string& name : merged.context_names)
    result.contexts.push_back({name, resolver.Resolve(name)});
  for (const fs::path& file : resolver.files()) {
    if (std::find(result.files.begin(), result.files.end(), file) == result.files.end())
      result.files.push_back(file);
  }
  result.current_context = merged.current_context;
  return result;
}

Result<RestConfig> ParseInlineKubeconfig(std::string_view yaml) {
  MergedKubeconfig merged;
  if (const Status status = MergeDocument(yaml, "", &merged); !status.ok()) {
    return BadRequest("kubeconfig: " + status.message());
  }
  std::string context = merged.current_context;
  if (context.empty()) {
    if (merged.context_names.empty()) return BadRequest("kubeconfig: it has no contexts");
    if (merged.context_names.size() > 1)
      return BadRequest("kubeconfig: it has several contexts and no current-context");
    context = merged.context_names.front();
  }
  Result<RestConfig> config = KubeconfigResolver(merged, /*allow_files=*/false).Resolve(context);
  if (!config.ok()) return BadRequest("kubeconfig: " + config.status().message());
  return config;
}

}  // namespace pedia::kube
