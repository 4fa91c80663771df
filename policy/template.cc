#include "policy/template.h"

#include <algorithm>
#include <utility>

#include "policy/template_machine.h"
#include "policy/template_parser.h"

namespace pedia::policy {

class Template::Core {
 public:
  explicit Core(std::string_view template_text) : text(template_text) {}

  const std::string text;
  TemplateTree tree;  // Points into the text.
};

Template::Template(std::shared_ptr<const Core> core) : core_(std::move(core)) {}
Template::~Template() = default;
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;

Result<Template> Template::Parse(std::string_view text) {
  auto core = std::make_shared<Core>(text);
  Result<TemplateTree> tree = ParseTemplate(core->text);
  if (!tree.ok()) return tree.status();
  core->tree = *std::move(tree);
  return Template(std::move(core));
}

Result<std::string> Template::Execute(std::string_view data) const {
  return ExecuteTemplate(core_->tree, core_->text, data);
}

Result<bool> Template::IsTrue(std::string_view data) const {
  const Result<std::string> output = Execute(data);
  if (!output.ok()) return output.status();
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const size_t begin = std::min(output->find_first_not_of(kSpace), output->size());
  std::string word = output->substr(begin, output->find_last_not_of(kSpace) + 1 - begin);
  std::ranges::transform(word, word.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return word == "true";
}

}  // namespace pedia::policy
