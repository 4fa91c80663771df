// TemplateRun: one execution of a template: owns every value that it makes, and bounds what it may
// do. A template is text of a user, so nothing in it may take the process's time or memory away.
// Private to policy.
#pragma once
#include <deque>
#include <string>
#include <string_view>

#include "policy/template_value.h"

namespace pedia::policy {

// The first failure stays; whoever calls something that can fail looks at failed() after it. One
// thread.
class TemplateRun {
 public:
  static constexpr size_t kMaxSteps = 1'000'000;
  static constexpr size_t kMaxText = size_t{1} << 20;     // Bytes of one text, and of the output.
  static constexpr size_t kMaxMemory = size_t{64} << 20;  // Bytes of all values together.
  static constexpr int kMaxDepth =
      400;  // Of templates, blocks, pipelines and values in each other.

  TemplateRun() = default;
  TemplateRun(const TemplateRun&) = delete;
  TemplateRun& operator=(const TemplateRun&) = delete;

  bool failed() const { return !failure_.empty(); }
  const std::string& failure() const { return failure_; }
  // Gives nothing, for `return run.Fail("why");`.
  Value Fail(std::string why);
  // Puts `where` before the failure.
  void Explain(std::string_view where) { failure_.insert(0, where); }

  // Counts work: one step and one more for each 256 `units` (bytes, elements). False, with a
  // failure, when there was too much.
  bool Step(size_t units = 0);

  // Own what they are given, and count its memory. Nothing after a failure.
  Value Text(std::string text);
  Value NewList(List elements);
  Map* NewMap();
  // Puts a member in place of one of the same name. `key` must live as long as this, as the texts
  // of values do.
  void Set(Map& map, std::string_view key, const Value& value);

  // A level of recursion, to be left by its destructor:
  //   const TemplateRun::Level level(run);
  //   if (run.failed()) return {};
  class Level {
   public:
    explicit Level(TemplateRun& run);
    ~Level() { --run_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    TemplateRun& run_;
  };

 private:
  bool Reserve(size_t bytes);

  size_t steps_ = 0;
  size_t memory_ = 0;
  int depth_ = 0;
  std::string failure_;
  std::deque<std::string> texts_;
  std::deque<List> lists_;
  std::deque<Map> maps_;
};

// A text that is being written, never longer than kMaxText: what would make it so fails the run.
class TextBuilder {
 public:
  explicit TextBuilder(TemplateRun& run) : run_(run) {}
  void Add(std::string_view text);
  void Add(char c) { Add(std::string_view(&c, 1)); }
  void AddRepeated(char c, size_t count);
  size_t size() const { return text_.size(); }
  std::string_view text() const { return text_; }
  std::string Take() { return std::move(text_); }
  // The text as a value.
  Value Done() { return run_.Text(std::move(text_)); }
  TemplateRun& run() { return run_; }

 private:
  bool Fits(size_t more);

  TemplateRun& run_;
  std::string text_;
};

}  // namespace pedia::policy
