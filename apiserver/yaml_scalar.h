// How a string must be written in YAML so that a reader gets the same string back.
// Source: goyaml.v2 (resolve.go, emitterc.go), YAML 1.1 types. Private to the folder.
#pragma once
#include <string_view>

namespace pedia::apiserver {

enum class YamlStyle {
  kPlain,         // text
  kSingleQuoted,  // 'a: b'
  kDoubleQuoted,  // "true", "tab\t"
  kLiteral,       // |, on lines of its own
};

// The style of `text` (UTF-8). A key takes no literal block.
YamlStyle ChooseYamlStyle(std::string_view text, bool is_key);

// Whether a reader would take the plain `text` for null, a boolean, a number or a time.
bool LooksLikeOtherYamlType(std::string_view text);

// Whether the character that starts at `text[at]` may stand in YAML unescaped; `length` gets its
// length in bytes.
bool IsYamlPrintable(std::string_view text, size_t at, size_t* length);

}  // namespace pedia::apiserver
