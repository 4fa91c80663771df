// JsonIndenter: JSON with two spaces of indentation, as `pretty=true` asks for.
// Source: encoding/json MarshalIndent, which kube-apiserver uses: `{}` and `[]` stay whole, no
// newline at the end.
#pragma once
#include <string>
#include <string_view>

namespace pedia::apiserver {

// Takes one JSON document in pieces, cut anywhere, and keeps nothing but a few flags. One thread.
class JsonIndenter {
 public:
  // Appends the next piece, indented. White space between tokens is replaced. Malformed JSON gives
  // malformed JSON.
  void Append(std::string_view piece, std::string* out);

 private:
  void AppendStructure(char c, std::string* out);
  void NewLine(std::string* out) const;

  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;      // Behind a backslash in a string.
  bool just_opened_ = false;  // Behind a bracket whose container is still empty.
};

}  // namespace pedia::apiserver
