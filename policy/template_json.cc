#include "policy/template_json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "meta/json_reader.h"

namespace pedia::policy {
namespace {

class Reading {
 public:
  Reading(TemplateRun& run, std::string_view json, JsonNumbers numbers)
      : run_(run), reader_(json), numbers_(numbers) {}
  Value Read();

 private:
  std::string_view ReadText(std::string_view raw);
  Value ReadNumber();
  Value ReadList();
  Value ReadMap();

  TemplateRun& run_;
  JsonReader reader_;
  JsonNumbers numbers_;
};

std::string_view Reading::ReadText(std::string_view raw) {
  return reader_.had_escapes() ? run_.Text(DecodeJsonString(raw)).text() : raw;
}

Value Reading::ReadNumber() {
  const std::string_view text = reader_.Skip();
  const char* end = text.data() + text.size();
  int64_t whole = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, whole);
  if (numbers_ == JsonNumbers::kKubernetes && error == std::errc() && stop == end) {
    return Value::Int64(whole);
  }
  double real = 0;
  if (std::from_chars(text.data(), end, real).ec != std::errc()) {
    return run_.Fail("a number of the JSON does not fit");
  }
  return Value::Float(real);
}

Value Reading::ReadList() {
  List elements;
  reader_.BeginArray();
  while (!run_.failed() && reader_.NextElement()) elements.push_back(Read());
  return run_.NewList(std::move(elements));
}

Value Reading::ReadMap() {
  Map* map = run_.NewMap();
  reader_.BeginObject();
  for (std::string_view key; !run_.failed() && reader_.NextMember(&key);) {
    const std::string_view name = ReadText(key);
    run_.Set(*map, name, Read());
  }
  return Value::Of(map);
}

Value Reading::Read() {
  const TemplateRun::Level level(run_);
  if (run_.failed()) return {};
  switch (reader_.Peek()) {
    case JsonType::kObject:
      return ReadMap();
    case JsonType::kArray:
      return ReadList();
    case JsonType::kString: {
      const std::string_view raw = reader_.ReadRawString();
      return Value::Text(ReadText(raw));
    }
    case JsonType::kNumber:
      return ReadNumber();
    case JsonType::kBool:
      return Value::Bool(reader_.ReadBool().value_or(false));
    case JsonType::kNull:
    case JsonType::kEnd:
      reader_.Skip();
      return Value::Nil();
  }
  return {};
}

class Writing {
 public:
  Writing(JsonStyle style, TextBuilder& out) : style_(style), out_(out) {}
  void Write(const Value& value);

 private:
  void WriteText(std::string_view text);
  void WriteFloat(double value);
  void WriteList(const List& list);
  void WriteMap(const Map& map);
  void StartLine();

  JsonStyle style_;
  TextBuilder& out_;
  size_t indent_ = 0;
};

void Writing::WriteText(std::string_view text) {
  for (const char c : JsonString(text)) {
    if (!style_.escapes_html || (c != '<' && c != '>' && c != '&')) {
      out_.Add(c);
    } else {
      out_.Add(c == '<' ? "\\u003c" : c == '>' ? "\\u003e" : "\\u0026");
    }
  }
}

// As JavaScript: an exponent only when the number is tiny or huge, and without leading zeros.
void Writing::WriteFloat(double value) {
  if (!std::isfinite(value)) {
    out_.run().Fail("json: unsupported value");
    return;
  }
  const double size = std::abs(value);
  const bool plain = size == 0 || (size >= 1e-6 && size < 1e21);
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.begin(), buffer.end(), value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string text(buffer.begin(), end.ptr);
  if (const size_t at = text.find("e-0"); at != std::string::npos) text.erase(at + 2, 1);
  out_.Add(text);
}

void Writing::StartLine() {
  if (!style_.is_indented) return;
  out_.Add('\n');
  out_.AddRepeated(' ', indent_ * 2);
}

void Writing::WriteList(const List& list) {
  out_.Add('[');
  ++indent_;
  for (size_t i = 0; i < list.size() && !out_.run().failed(); ++i) {
    if (i > 0) out_.Add(',');
    StartLine();
    Write(list[i]);
  }
  --indent_;
  if (!list.empty()) StartLine();
  out_.Add(']');
}

void Writing::WriteMap(const Map& map) {
  out_.Add('{');
  ++indent_;
  bool first = true;
  for (const auto& [key, value] : map) {
    if (out_.run().failed()) return;
    if (!first) out_.Add(',');
    first = false;
    StartLine();
    WriteText(key);
    out_.Add(style_.is_indented ? ": " : ":");
    Write(value);
  }
  --indent_;
  if (!map.empty()) StartLine();
  out_.Add('}');
}

void Writing::Write(const Value& value) {
  const TemplateRun::Level level(out_.run());
  if (!out_.run().Step()) return;
  switch (value.kind()) {
    case Kind::kMissing:
    case Kind::kNil:
      return out_.Add("null");
    case Kind::kBool:
      return out_.Add(value.boolean() ? "true" : "false");
    case Kind::kInt:
    case Kind::kInt64:
      return out_.Add(std::to_string(value.integer()));
    case Kind::kFloat:
      return WriteFloat(value.real());
    case Kind::kString:
      return WriteText(value.text());
    case Kind::kList:
      return WriteList(value.list());
    case Kind::kMap:
      return WriteMap(value.map());
  }
}

}  // namespace

Value ReadJson(TemplateRun& run, std::string_view json, JsonNumbers numbers) {
  if (!IsValidJson(json)) return run.Fail("invalid JSON");
  return Reading(run, json, numbers).Read();
}

void AddJson(const Value& value, JsonStyle style, TextBuilder* out) {
  Writing(style, *out).Write(value);
}

}  // namespace pedia::policy
