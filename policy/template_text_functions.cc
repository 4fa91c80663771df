// Texts. Upper and lower case, white space, and what trimAll trims, are those of ASCII.
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>

#include "meta/base64.h"
#include "policy/template_format.h"
#include "policy/template_functions.h"
#include "policy/template_literals.h"

namespace pedia::policy {
namespace {

constexpr std::string_view kSpace = " \t\n\v\f\r";

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
char ToUpper(char c) { return IsLower(c) ? static_cast<char>(c - 32) : c; }
char ToLower(char c) { return IsUpper(c) ? static_cast<char>(c + 32) : c; }
bool IsWord(char c) {
  return IsLower(c) || IsUpper(c) || c == '_' || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

// In linear time, which std::string_view::find does not promise.
size_t Find(std::string_view text, std::string_view wanted) {
  if (wanted.empty()) return 0;
  if (text.empty()) return std::string_view::npos;
  const void* found = memmem(text.data(), text.size(), wanted.data(), wanted.size());
  return found ? static_cast<size_t>(static_cast<const char*>(found) - text.data())
               : std::string_view::npos;
}

// `bytes` may be long, so none is looked for twice.
std::string_view TrimBytes(std::string_view text, std::string_view bytes) {
  std::array<bool, 256> goes{};
  for (const char c : bytes) goes[static_cast<unsigned char>(c)] = true;
  const auto stays = [&](char c) { return !goes[static_cast<unsigned char>(c)]; };
  const auto begin = std::ranges::find_if(text, stays);
  auto end = text.end();
  while (end != begin && !stays(end[-1])) --end;
  return text.substr(static_cast<size_t>(begin - text.begin()), static_cast<size_t>(end - begin));
}

Value Trim(TemplateRun&, Arguments arguments) {
  return Value::Text(TrimBytes(arguments[0].text(), kSpace));
}

Value TrimAll(TemplateRun&, Arguments arguments) {
  return Value::Text(TrimBytes(arguments[1].text(), arguments[0].text()));
}

Value TrimPrefix(TemplateRun&, Arguments arguments) {
  std::string_view text = arguments[1].text();
  if (text.starts_with(arguments[0].text())) text.remove_prefix(arguments[0].Size());
  return Value::Text(text);
}

Value TrimSuffix(TemplateRun&, Arguments arguments) {
  std::string_view text = arguments[1].text();
  if (text.ends_with(arguments[0].text())) text.remove_suffix(arguments[0].Size());
  return Value::Text(text);
}

template <char (*kChange)(char)>
Value Change(TemplateRun& run, Arguments arguments) {
  std::string text(arguments[0].text());
  std::ranges::transform(text, text.begin(), kChange);
  return run.Text(std::move(text));
}

// Changes the letters at which words begin.
template <char (*kChange)(char)>
Value ChangeFirst(TemplateRun& run, Arguments arguments) {
  std::string text(arguments[0].text());
  for (size_t i = 0; i < text.size(); ++i) {
    if (i == 0 || !IsWord(arguments[0].text()[i - 1])) text[i] = kChange(text[i]);
  }
  return run.Text(std::move(text));
}

Value Repeat(TemplateRun& run, Arguments arguments) {
  const int64_t count = arguments[0].integer();
  const std::string_view text = arguments[1].text();
  if (count < 0) return run.Fail("negative repeat count");
  TextBuilder repeated(run);
  for (int64_t i = 0; i < count && !text.empty() && !run.failed(); ++i) repeated.Add(text);
  return repeated.Done();
}

Value Substr(TemplateRun& run, Arguments arguments) {
  const std::string_view text = arguments[2].text();
  const auto size = static_cast<int64_t>(text.size());
  int64_t begin = arguments[0].integer();
  int64_t end = arguments[1].integer();
  if (begin < 0) {
    begin = 0;
  } else if (end < 0 || end > size) {
    end = size;
  }
  if (begin > end || end > size) return run.Fail("bounds out of range");
  return Value::Text(text.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
}

Value Trunc(TemplateRun&, Arguments arguments) {
  const int64_t count = arguments[0].integer();
  const std::string_view text = arguments[1].text();
  const auto size = static_cast<int64_t>(text.size());
  if (count < 0 && count > -size)
    return Value::Text(text.substr(static_cast<size_t>(size + count)));
  if (count >= 0 && count < size) return Value::Text(text.substr(0, static_cast<size_t>(count)));
  return arguments[1];
}

Value NoSpace(TemplateRun& run, Arguments arguments) {
  std::string text(arguments[0].text());
  std::erase_if(text, [](char c) { return kSpace.find(c) != std::string_view::npos; });
  return run.Text(std::move(text));
}

Value Contains(TemplateRun&, Arguments arguments) {
  return Value::Bool(Find(arguments[1].text(), arguments[0].text()) != std::string_view::npos);
}

Value HasPrefix(TemplateRun&, Arguments arguments) {
  return Value::Bool(arguments[1].text().starts_with(arguments[0].text()));
}

Value HasSuffix(TemplateRun&, Arguments arguments) {
  return Value::Bool(arguments[1].text().ends_with(arguments[0].text()));
}

void AddDouble(TemplateRun& run, const Value& value, TextBuilder* out) {
  AddQuoted(TextOf(run, value), out);
}
void AddSingle(TemplateRun&, const Value& value, TextBuilder* out) {
  out->Add('\'');
  AddValue(value, out);
  out->Add('\'');
}
void AddPlain(TemplateRun&, const Value& value, TextBuilder* out) { AddValue(value, out); }

// The arguments that are something, with spaces between.
template <void (*kAdd)(TemplateRun&, const Value&, TextBuilder*)>
Value Spaced(TemplateRun& run, Arguments arguments) {
  TextBuilder text(run);
  bool first = true;
  for (const Value& value : arguments) {
    if (value.IsNil()) continue;
    if (!first) text.Add(' ');
    first = false;
    kAdd(run, value, &text);
  }
  return text.Done();
}

template <bool kOnNewLine>
Value Indent(TemplateRun& run, Arguments arguments) {
  const int64_t spaces = arguments[0].integer();
  if (spaces < 0) return run.Fail("negative count of spaces");
  const auto width = static_cast<size_t>(spaces);
  std::string_view rest = arguments[1].text();
  TextBuilder text(run);
  if (kOnNewLine) text.Add('\n');
  text.AddRepeated(' ', width);
  for (size_t end; (end = rest.find('\n')) != std::string_view::npos && !run.failed();) {
    text.Add(rest.substr(0, end + 1));
    text.AddRepeated(' ', width);
    rest.remove_prefix(end + 1);
  }
  text.Add(rest);
  return text.Done();
}

// At most `most` pieces. An empty separator parts all characters.
List Split(std::string_view separator, std::string_view text, size_t most) {
  List pieces;
  if (most == 0 || (separator.empty() && text.empty())) return pieces;
  while (pieces.size() + 1 < most) {
    const size_t at = separator.empty() ? FirstCharacter(text).length : Find(text, separator);
    if (at == std::string_view::npos || (separator.empty() && at >= text.size())) break;
    pieces.push_back(Value::Text(text.substr(0, at)));
    text.remove_prefix(at + separator.size());
  }
  pieces.push_back(Value::Text(text));
  return pieces;
}

Value Replace(TemplateRun& run, Arguments arguments) {
  const std::string_view old = arguments[0].text();
  const List pieces = Split(old, arguments[2].text(), std::string_view::npos);
  TextBuilder text(run);
  // Nothing is found before, between and behind all characters.
  if (old.empty()) text.Add(arguments[1].text());
  for (size_t i = 0; i < pieces.size() && !run.failed(); ++i) {
    text.Add(pieces[i].text());
    if (old.empty() || i + 1 < pieces.size()) text.Add(arguments[1].text());
  }
  return text.Done();
}

Value SplitList(TemplateRun& run, Arguments arguments) {
  return run.NewList(Split(arguments[0].text(), arguments[1].text(), std::string_view::npos));
}

Value Numbered(TemplateRun& run, const List& pieces) {
  Map* map = run.NewMap();
  for (size_t i = 0; i < pieces.size() && !run.failed(); ++i) {
    run.Set(*map, run.Text("_" + std::to_string(i)).text(), pieces[i]);
  }
  return Value::Of(map);
}

Value SplitMap(TemplateRun& run, Arguments arguments) {
  return Numbered(run, Split(arguments[0].text(), arguments[1].text(), std::string_view::npos));
}

Value SplitN(TemplateRun& run, Arguments arguments) {
  const int64_t most = arguments[1].integer();
  return Numbered(run, Split(arguments[0].text(), arguments[2].text(),
                             most < 0 ? std::string_view::npos : static_cast<size_t>(most)));
}

Value Plural(TemplateRun&, Arguments arguments) {
  return arguments[2].integer() == 1 ? arguments[0] : arguments[1];
}

Value ToString(TemplateRun& run, Arguments arguments) {
  return Value::Text(TextOf(run, arguments[0]));
}

Value EncodeText(TemplateRun& run, Arguments arguments) {
  if (arguments[0].Size() > TemplateRun::kMaxText) return run.Fail("the text is longer than 1 MiB");
  return run.Text(EncodeBase64(arguments[0].text()));
}

// sprig gives the text of the error as the result; nobody wants that in a cluster's address.
Value DecodeText(TemplateRun& run, Arguments arguments) {
  std::optional<std::string> bytes = DecodeBase64(arguments[0].text());
  if (!bytes) return run.Fail("illegal base64 data");
  return run.Text(std::move(*bytes));
}

template <const EVP_MD* (*kAlgorithm)()>
Value Digest(TemplateRun& run, Arguments arguments) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  const std::string_view text = arguments[0].text();
  if (!EVP_Digest(text.data(), text.size(), digest.data(), &size, kAlgorithm(), nullptr)) {
    return run.Fail("no digest");
  }
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += "0123456789abcdef"[digest[i] >> 4];
    hex += "0123456789abcdef"[digest[i] & 15];
  }
  return run.Text(std::move(hex));
}

// The arguments as one text, each byte as `kAdd` writes it.
template <void (*kAdd)(char, TextBuilder*)>
Value Escape(TemplateRun& run, Arguments arguments) {
  TextBuilder plain(run);
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (i > 0 && arguments[i].kind() != Kind::kString && arguments[i - 1].kind() != Kind::kString) {
      plain.Add(' ');
    }
    if (!arguments[i].IsNil()) AddValue(arguments[i], &plain);
  }
  TextBuilder escaped(run);
  for (const char c : plain.text()) kAdd(c, &escaped);
  return escaped.Done();
}

void AddHtml(char c, TextBuilder* out) {
  constexpr std::string_view kSpecial = "\"'&<>";
  constexpr std::string_view kEntities[] = {"&#34;", "&#39;", "&amp;", "&lt;", "&gt;"};
  const size_t at = kSpecial.find(c);
  at == std::string_view::npos ? out->Add(c) : out->Add(kEntities[at]);
}

void AddUpperHex(char c, TextBuilder* out) {
  const auto byte = static_cast<unsigned char>(c);
  out->Add("0123456789ABCDEF"[byte >> 4]);
  out->Add("0123456789ABCDEF"[byte & 15]);
}

void AddScript(char c, TextBuilder* out) {
  if (c == '\\' || c == '\'' || c == '"') {
    out->Add('\\');
    out->Add(c);
  } else if (c == '<' || c == '>' || c == '&' || c == '=' || static_cast<unsigned char>(c) < 0x20) {
    out->Add("\\u00");
    AddUpperHex(c, out);
  } else {
    out->Add(c);
  }
}

void AddQuery(char c, TextBuilder* out) {
  if (c == ' ') return out->Add('+');
  const bool plain =
      (IsWord(c) && static_cast<unsigned char>(c) < 0x80) || c == '-' || c == '.' || c == '~';
  if (plain) return out->Add(c);
  out->Add('%');
  AddUpperHex(c, out);
}

constexpr Function kFunctions[] = {
    {"trim", "s", Trim},
    {"trimAll", "ss", TrimAll},
    {"trimall", "ss", TrimAll},
    {"trimPrefix", "ss", TrimPrefix},
    {"trimSuffix", "ss", TrimSuffix},
    {"upper", "s", Change<ToUpper>},
    {"lower", "s", Change<ToLower>},
    {"title", "s", ChangeFirst<ToUpper>},
    {"untitle", "s", ChangeFirst<ToLower>},
    {"repeat", "is", Repeat},
    {"substr", "iis", Substr},
    {"trunc", "is", Trunc},
    {"nospace", "s", NoSpace},
    {"contains", "ss", Contains},
    {"hasPrefix", "ss", HasPrefix},
    {"hasSuffix", "ss", HasSuffix},
    {"quote", "*a", Spaced<AddDouble>},
    {"squote", "*a", Spaced<AddSingle>},
    {"cat", "*a", Spaced<AddPlain>},
    {"indent", "is", Indent<false>},
    {"nindent", "is", Indent<true>},
    {"replace", "sss", Replace},
    {"split", "ss", SplitMap},
    {"splitList", "ss", SplitList},
    {"splitn", "sis", SplitN},
    {"plural", "ssi", Plural},
    {"toString", "a", ToString},
    {"b64enc", "s", EncodeText},
    {"b64dec", "s", DecodeText},
    {"sha1sum", "s", Digest<EVP_sha1>},
    {"sha256sum", "s", Digest<EVP_sha256>},
    {"sha512sum", "s", Digest<EVP_sha512>},
    {"html", "*a", Escape<AddHtml>},
    {"js", "*a", Escape<AddScript>},
    {"urlquery", "*a", Escape<AddQuery>},
};

}  // namespace

std::span<const Function> TextFunctions() { return kFunctions; }

}  // namespace pedia::policy
