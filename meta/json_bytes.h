// Searching JSON text 16 bytes at a time. Private to meta. Everything is pure and reads [at, end).
#pragma once
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace pedia::json_bytes {

inline bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

#if defined(__SSE2__)
inline __m128i Load16(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}
// A bit per byte that equals `c`.
inline unsigned Equal16(__m128i block, char c) {
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(c))));
}
#endif

// The first quote or backslash, or end.
inline const char* FindStringEnd(const char* at, const char* end) {
#if defined(__SSE2__)
  for (; end - at >= 16; at += 16) {
    const __m128i block = Load16(at);
    const __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')),
                                      _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
    if (const auto mask = static_cast<unsigned>(_mm_movemask_epi8(stop)))
      return at + __builtin_ctz(mask);
  }
#endif
  while (at < end && *at != '"' && *at != '\\') ++at;
  return at;
}

// The first byte that is not plain inside a string: quote, backslash, control character, or beyond
// ASCII; or end.
inline const char* FindNotPlain(const char* at, const char* end) {
#if defined(__SSE2__)
  for (; end - at >= 16; at += 16) {
    const __m128i block = Load16(at);
    // Signed comparison: bytes from 0x80 on count as negative, so they are below 0x20 as well.
    __m128i stop = _mm_cmplt_epi8(block, _mm_set1_epi8(0x20));
    stop = _mm_or_si128(stop, _mm_cmpeq_epi8(block, _mm_set1_epi8('"')));
    stop = _mm_or_si128(stop, _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
    if (const auto mask = static_cast<unsigned>(_mm_movemask_epi8(stop)))
      return at + __builtin_ctz(mask);
  }
#endif
  const auto plain = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
  };
  while (at < end && plain(*at)) ++at;
  return at;
}

// Behind the bracket that closes the last of `depth` >= 1 open ones; nullptr if none does. `at`
// stands outside of strings. Kinds of brackets are not told apart; a backslash hides a quote
// outside of strings too.
const char* SkipBrackets(const char* at, const char* end, int64_t depth);
// The same with what every machine has; SkipBrackets uses AVX2 where there is.
const char* SkipBracketsPortably(const char* at, const char* end, int64_t depth);

}  // namespace pedia::json_bytes
