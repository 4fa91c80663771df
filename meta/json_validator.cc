#include "meta/json_validator.h"

#include <bitset>
#include <cstddef>

#include "meta/json_bytes.h"
#include "meta/json_string.h"

namespace pedia {
namespace {

using json_bytes::FindNotPlain;
using json_bytes::IsSpace;

bool IsHexDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Strict validation, one pass, no recursion.
class Validator {
 public:
  explicit Validator(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  bool Run() {
    if (!Value()) return false;
    while (depth_ > 0) {
      if (!AfterValue()) return false;
    }
    Space();
    return at_ == end_;
  }

 private:
  void Space() {
    while (at_ < end_ && IsSpace(*at_)) ++at_;
  }
  bool Take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  // One scalar, or the opening of a container and the values that start right behind it.
  bool Value() {
    while (true) {
      Space();
      if (at_ == end_) return false;
      switch (*at_) {
        case '"':
          return String();
        case 't':
          return Word("true");
        case 'f':
          return Word("false");
        case 'n':
          return Word("null");
        case '{':
        case '[': {
          if (depth_ == kMaxDepth) return false;
          const bool object = *at_++ == '{';
          is_object_[static_cast<size_t>(depth_++)] = object;
          Space();
          if (Take(object ? '}' : ']')) {
            --depth_;
            return true;
          }
          if (object && !Key()) return false;
          continue;
        }
        default:
          return Number();
      }
    }
  }

  // Behind a complete value inside a container: a comma and the next value, or the end of the
  // container.
  bool AfterValue() {
    Space();
    const bool object = is_object_[static_cast<size_t>(depth_ - 1)];
    if (Take(object ? '}' : ']')) {
      --depth_;
      return true;
    }
    if (!Take(',')) return false;
    if (object) {
      Space();
      if (!Key()) return false;
    }
    return Value();
  }

  bool Key() {
    if (at_ == end_ || *at_ != '"' || !String()) return false;
    Space();
    return Take(':');
  }

  bool Word(std::string_view word) {
    if (std::string_view(at_, static_cast<size_t>(end_ - at_)).substr(0, word.size()) != word)
      return false;
    at_ += word.size();
    return true;
  }

  bool Digits() {
    const char* start = at_;
    while (at_ < end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ > start;
  }

  bool Number() {
    Take('-');
    if (!Take('0') && !Digits()) return false;
    if (Take('.') && !Digits()) return false;
    if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (!Take('+')) Take('-');
      if (!Digits()) return false;
    }
    return true;
  }

  bool Escape() {
    ++at_;
    if (at_ == end_) return false;
    if (*at_ == 'u') {
      if (end_ - at_ < 5) return false;
      for (int i = 1; i <= 4; ++i) {
        if (!IsHexDigit(at_[i])) return false;
      }
      at_ += 5;
      return true;
    }
    return std::string_view("\"\\/bfnrt").find(*at_++) != std::string_view::npos;
  }

  bool String() {
    ++at_;
    while (true) {
      at_ = FindNotPlain(at_, end_);
      if (at_ == end_) return false;
      const auto c = static_cast<unsigned char>(*at_);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c < 0x20) return false;
      if (c == '\\') {
        if (!Escape()) return false;
        continue;
      }
      const size_t length = Utf8Length(at_, end_);
      if (length == 0) return false;
      at_ += length;
    }
  }

  static constexpr int kMaxDepth = 512;
  const char* at_;
  const char* end_;
  int depth_ = 0;
  std::bitset<kMaxDepth> is_object_;
};

}  // namespace

bool IsValidJson(std::string_view text) { return Validator(text).Run(); }

}  // namespace pedia
