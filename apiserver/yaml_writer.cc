#include "apiserver/yaml_writer.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

#include "apiserver/yaml_scalar.h"
#include "meta/json_reader.h"

namespace pedia::apiserver {
namespace {

constexpr size_t kWidth = 80;  // Lines are folded at the first space behind this column.
constexpr size_t kMaxSimpleKeySize = 128;  // Longer keys are written with a question mark.

struct Member;

struct Node {
  JsonType type = JsonType::kNull;
  std::string text;  // A string, decoded; a number, true or false as it stands.
  std::vector<Member> members;
  std::vector<Node> elements;

  bool is_block() const { return !members.empty() || !elements.empty(); }
};

struct Member {
  std::string key;
  Node value;
};

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

// The number at the front of `text`, and how long it is.
std::pair<uint64_t, size_t> LeadingNumber(std::string_view text) {
  uint64_t number = 0;
  size_t length = 0;
  for (; length < text.size() && text[length] >= '0' && text[length] <= '9'; ++length) {
    number = number * 10 + static_cast<uint64_t>(text[length] - '0');
  }
  return {number, length};
}

// Orders keys as goyaml does: by character, but letters behind anything else, and runs of digits by
// their value.
bool KeyLess(std::string_view a, std::string_view b) {
  const size_t same =
      static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  if (same == a.size() || same == b.size()) return a.size() < b.size();
  const bool letter_a = IsLetter(a[same]);
  const bool letter_b = IsLetter(b[same]);
  if (letter_a && letter_b)
    return static_cast<unsigned char>(a[same]) < static_cast<unsigned char>(b[same]);
  if (letter_a || letter_b) return letter_b;
  const auto [number_a, length_a] = LeadingNumber(a.substr(same));
  const auto [number_b, length_b] = LeadingNumber(b.substr(same));
  if (number_a != number_b) return number_a < number_b;
  if (length_a != length_b) return length_a < length_b;
  return static_cast<unsigned char>(a[same]) < static_cast<unsigned char>(b[same]);
}

// Depth is bounded by JsonReader.
Node ReadNode(JsonReader* reader) {
  Node node;
  node.type = reader->Peek();
  switch (node.type) {
    case JsonType::kObject:
      if (!reader->BeginObject()) break;
      for (std::string_view key; reader->NextMember(&key);) {
        std::string decoded = DecodeJsonString(key);
        node.members.push_back({std::move(decoded), ReadNode(reader)});
      }
      std::stable_sort(node.members.begin(), node.members.end(),
                       [](const auto& a, const auto& b) { return KeyLess(a.key, b.key); });
      break;
    case JsonType::kArray:
      if (!reader->BeginArray()) break;
      while (reader->NextElement()) node.elements.push_back(ReadNode(reader));
      break;
    case JsonType::kString:
      node.text = reader->ReadString();
      break;
    default:
      node.text = reader->Skip();
  }
  return node;
}

// Integers stay as they are; fractions as Go's shortest %g.
std::string FormatNumber(const std::string& text) {
  if (text.find_first_of(".eE") == std::string::npos) return text;
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc()) return text;
  char buffer[64];
  char* end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const std::string_view scientific(buffer, static_cast<size_t>(end - buffer));
  const size_t e = scientific.find('e');
  int exponent = 0;
  const size_t digits = e + (scientific[e + 1] == '+' ? 2 : 1);
  std::from_chars(buffer + digits, end, exponent);
  if (exponent >= -4 && exponent < 6) {
    end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
  }
  return std::string(buffer, end);
}

// Writes a tree at the end of a text; knows the column it stands at.
class YamlEmitter {
 public:
  explicit YamlEmitter(std::string* out) : out_(out) {}

  void WriteIndent(int indent) { Put(std::string(static_cast<size_t>(indent), ' ')); }

  // A value that starts where the cursor stands, behind "- " or at column 0; ends with a newline.
  void WriteInPlace(const Node& node, int indent) {
    if (!node.members.empty()) {
      WriteMapping(node, indent);
    } else if (!node.elements.empty()) {
      WriteSequence(node, indent);
    } else {
      WriteLeaf(node, indent);
      NewLine();
    }
  }

  void WriteItem(const Node& node, int indent) {
    Put("- ");
    WriteInPlace(node, indent + 2);
  }

 private:
  void Put(std::string_view text) {
    *out_ += text;
    for (const char c : text) column_ += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  }
  void Put(char c) { Put(std::string_view(&c, 1)); }
  void NewLine() {
    *out_ += '\n';
    column_ = 0;
  }

  void WriteMapping(const Node& node, int indent) {
    for (size_t i = 0; i < node.members.size(); ++i) {
      const auto& [key, value] = node.members[i];
      // Of equal keys the last counts.
      if (i + 1 < node.members.size() && node.members[i + 1].key == key) continue;
      if (column_ < static_cast<size_t>(indent)) WriteIndent(indent);
      WriteMember(key, value, indent);
    }
  }

  void WriteMember(const std::string& key, const Node& value, int indent) {
    if (key.size() > kMaxSimpleKeySize || key.find('\n') != std::string::npos) {
      Put("? ");
      WriteText(key, indent + 2, /*is_key=*/false);
      NewLineUnlessAtStart();
      WriteIndent(indent);
      Put(": ");
      WriteInPlace(value, indent + 2);
      return;
    }
    WriteText(key, indent, /*is_key=*/true);
    Put(':');
    if (!value.is_block()) {
      Put(' ');
      WriteLeaf(value, indent + 2);
      NewLineUnlessAtStart();
      return;
    }
    NewLine();
    const int inner = value.members.empty() ? indent : indent + 2;
    WriteIndent(inner);
    WriteInPlace(value, inner);
  }

  void WriteSequence(const Node& node, int indent) {
    for (const Node& element : node.elements) {
      if (column_ < static_cast<size_t>(indent)) WriteIndent(indent);
      WriteItem(element, indent);
    }
  }

  void NewLineUnlessAtStart() {
    if (column_ != 0) NewLine();
  }

  void WriteLeaf(const Node& node, int indent) {
    switch (node.type) {
      case JsonType::kObject:
        Put("{}");
        break;
      case JsonType::kArray:
        Put("[]");
        break;
      case JsonType::kString:
        WriteText(node.text, indent, /*is_key=*/false);
        break;
      case JsonType::kNumber:
        Put(FormatNumber(node.text));
        break;
      case JsonType::kBool:
        Put(node.text);
        break;
      default:
        Put("null");
    }
  }

  void WriteText(std::string_view text, int indent, bool is_key) {
    switch (ChooseYamlStyle(text, is_key)) {
      case YamlStyle::kPlain:
        WriteFolded(text, indent, is_key, /*quoted=*/false);
        break;
      case YamlStyle::kSingleQuoted:
        Put('\'');
        WriteFolded(text, indent, is_key, /*quoted=*/true);
        Put('\'');
        break;
      case YamlStyle::kDoubleQuoted:
        WriteDoubleQuoted(text, indent, is_key);
        break;
      case YamlStyle::kLiteral:
        WriteLiteral(text, indent);
        break;
    }
  }

  // Plain or single-quoted text: a single space may become a line break.
  void WriteFolded(std::string_view text, int indent, bool is_key, bool quoted) {
    bool after_space = false;
    for (size_t i = 0; i < text.size(); ++i) {
      const bool next_is_space = i + 1 < text.size() && text[i + 1] == ' ';
      const bool inside = !quoted || (i > 0 && i + 1 < text.size());
      if (text[i] == ' ' && !is_key && !after_space && column_ > kWidth && inside &&
          !next_is_space) {
        Fold(indent);
      } else {
        Put(text[i]);
        if (quoted && text[i] == '\'') Put('\'');
      }
      after_space = text[i] == ' ';
    }
  }

  void Fold(int indent) {
    NewLine();
    WriteIndent(indent);
  }

  void WriteDoubleQuoted(std::string_view text, int indent, bool is_key) {
    Put('"');
    bool after_space = false;
    for (size_t i = 0, length = 1; i < text.size(); i += length) {
      const bool printable = IsYamlPrintable(text, i, &length);
      const std::string_view character = text.substr(i, length);
      if (!printable || character == "\"" || character == "\\" || character == "\n") {
        WriteEscape(character);
        after_space = false;
        continue;
      }
      const bool inside = i > 0 && i + 1 < text.size();
      if (character == " " && !is_key && !after_space && column_ > kWidth && inside) {
        Fold(indent);
        if (text[i + 1] == ' ') Put('\\');
      } else {
        Put(character);
      }
      after_space = character == " ";
    }
    Put('"');
  }

  void WriteEscape(std::string_view character) {
    static constexpr std::pair<std::string_view, const char*> kNamed[] = {
        {std::string_view("\0", 1), "\\0"},
        {"\a", "\\a"},
        {"\b", "\\b"},
        {"\t", "\\t"},
        {"\n", "\\n"},
        {"\v", "\\v"},
        {"\f", "\\f"},
        {"\r", "\\r"},
        {"\x1B", "\\e"},
        {"\"", "\\\""},
        {"\\", "\\\\"},
        {"\xC2\x85", "\\N"},
        {"\xE2\x80\xA8", "\\L"},
        {"\xE2\x80\xA9", "\\P"}};
    for (const auto& [value, escape] : kNamed) {
      if (character == value) return Put(escape);
    }
    const auto first = static_cast<unsigned char>(character[0]);
    uint32_t code = first < 0x80 ? first : first & (0xFFu >> (character.size() + 1));
    for (size_t i = 1; i < character.size(); ++i)
      code = code << 6 | (static_cast<unsigned char>(character[i]) & 0x3F);
    const int digits = code <= 0xFF ? 2 : code <= 0xFFFF ? 4 : 8;
    Put(digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U");
    for (int i = digits - 1; i >= 0; --i) Put("0123456789ABCDEF"[code >> (4 * i) & 0xF]);
  }

  // "|", then whether the first line starts with a space, then what happens to the newlines at the
  // end.
  void WriteLiteral(std::string_view text, int indent) {
    Put('|');
    if (text.front() == ' ' || text.front() == '\n') Put('2');
    if (text.back() != '\n') {
      Put('-');
    } else if (text.size() == 1 || text[text.size() - 2] == '\n') {
      Put('+');
    }
    NewLine();
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      if (end > 0) {
        WriteIndent(indent);
        Put(text.substr(0, end));
      }
      if (end == text.size()) break;
      NewLine();
      text.remove_prefix(end + 1);
    }
  }

  std::string* out_;
  size_t column_ = 0;
};

}  // namespace

void AppendYaml(std::string_view json, std::string* out) {
  JsonReader reader(json);
  YamlEmitter(out).WriteInPlace(ReadNode(&reader), 0);
}

void AppendYamlListItem(std::string_view json, int indent, std::string* out) {
  JsonReader reader(json);
  YamlEmitter emitter(out);
  emitter.WriteIndent(indent);
  emitter.WriteItem(ReadNode(&reader), indent);
}

}  // namespace pedia::apiserver
