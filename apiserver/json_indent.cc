#include "apiserver/json_indent.h"

#include <algorithm>

namespace pedia::apiserver {
namespace {

constexpr int kMaxDepth = 512;  // What JsonReader takes; deeper levels are not indented further.

}  // namespace

void JsonIndenter::NewLine(std::string* out) const {
  *out += '\n';
  out->append(2 * static_cast<size_t>(std::clamp(depth_, 0, kMaxDepth)), ' ');
}

void JsonIndenter::AppendStructure(char c, std::string* out) {
  if (c == '}' || c == ']') {
    --depth_;
    if (!just_opened_) NewLine(out);
    just_opened_ = false;
    *out += c;
    return;
  }
  if (just_opened_) NewLine(out);
  just_opened_ = false;
  *out += c;
  switch (c) {
    case '{':
    case '[':
      ++depth_;
      just_opened_ = true;
      break;
    case ',':
      NewLine(out);
      break;
    case ':':
      *out += ' ';
      break;
    case '"':
      in_string_ = true;
      break;
    default:
      break;
  }
}

void JsonIndenter::Append(std::string_view piece, std::string* out) {
  for (size_t i = 0; i < piece.size(); ++i) {
    const char c = piece[i];
    if (!in_string_) {
      if (c != ' ' && c != '\t' && c != '\n' && c != '\r') AppendStructure(c, out);
      continue;
    }
    if (escaped_) {
      escaped_ = false;
      *out += c;
      continue;
    }
    const size_t stop = std::min(piece.find_first_of("\"\\", i), piece.size());
    out->append(piece, i, stop - i);
    i = stop;
    if (stop == piece.size()) break;
    *out += piece[stop];
    if (piece[stop] == '"') in_string_ = false;
    if (piece[stop] == '\\') escaped_ = true;
  }
}

}  // namespace pedia::apiserver
