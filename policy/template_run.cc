#include "policy/template_run.h"

#include <utility>

namespace pedia::policy {
namespace {

// What a value in a list and a member of an object take, and what each text, list or object takes
// beside its contents.
constexpr size_t kElement = sizeof(Value);
constexpr size_t kMember = sizeof(Value) + 64;
constexpr size_t kObject = 64;

}  // namespace

Value TemplateRun::Fail(std::string why) {
  if (!failed()) failure_ = std::move(why);
  return {};
}

bool TemplateRun::Step(size_t units) {
  steps_ += 1 + units / 256;
  if (steps_ > kMaxSteps) Fail("the template runs for too long");
  return !failed();
}

bool TemplateRun::Reserve(size_t bytes) {
  memory_ += bytes;
  if (memory_ > kMaxMemory) Fail("the template's values take too much memory");
  return !failed();
}

Value TemplateRun::Text(std::string text) {
  if (!Reserve(kObject + text.size())) return {};
  return Value::Text(texts_.emplace_back(std::move(text)));
}

Value TemplateRun::NewList(List elements) {
  if (!Reserve(kObject + elements.size() * kElement)) return {};
  return Value::Of(&lists_.emplace_back(std::move(elements)));
}

Map* TemplateRun::NewMap() {
  Reserve(kObject);
  return &maps_.emplace_back();
}

void TemplateRun::Set(Map& map, std::string_view key, const Value& value) {
  if (Reserve(kMember)) map.insert_or_assign(key, value);
}

TemplateRun::Level::Level(TemplateRun& run) : run_(run) {
  if (++run_.depth_ > kMaxDepth) run_.Fail("nested too deeply");
}

bool TextBuilder::Fits(size_t more) {
  if (run_.failed()) return false;
  if (more <= TemplateRun::kMaxText && text_.size() + more <= TemplateRun::kMaxText) return true;
  run_.Fail("a text would be longer than 1 MiB");
  return false;
}

void TextBuilder::Add(std::string_view text) {
  if (Fits(text.size())) text_ += text;
}

void TextBuilder::AddRepeated(char c, size_t count) {
  if (Fits(count)) text_.append(count, c);
}

}  // namespace pedia::policy
