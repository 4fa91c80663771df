// JSON to values and back. Private to policy.
#pragma once
#include <string_view>

#include "policy/template_run.h"

namespace pedia::policy {

enum class JsonNumbers {
  kKubernetes,  // Whole numbers that fit are Int64, others Float.
  kGo,          // All are Float, as encoding/json reads into an interface{}.
};

// The value of a document; texts without escapes stay in `json`, which must outlive the run. Fails
// the run when it is malformed, or nested too deeply.
Value ReadJson(TemplateRun& run, std::string_view json, JsonNumbers numbers);

struct JsonStyle {
  bool escapes_html = true;
  bool is_indented = false;
};
// As encoding/json writes it, keys sorted.
void AddJson(const Value& value, JsonStyle style, TextBuilder* out);

}  // namespace pedia::policy
