#include "meta/json_bytes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace pedia::json_bytes {
namespace {

constexpr int kBlock = 64;

// A bit per byte of a block; bit 0 is its first byte.
struct Marks {
  uint64_t quotes = 0;
  uint64_t backslashes = 0;
  uint64_t opening = 0;
  uint64_t closing = 0;
};

// What one block leaves to the next.
struct State {
  int64_t depth;
  uint64_t in_string = 0;  // All ones: the next block begins inside a string.
  uint64_t escaped = 0;    // 1: its first byte is escaped.
};

// Counts of bits. The machine's own instruction is not on every x86-64, so the function that calls
// Native must be compiled for it.
struct PortableCount {
  [[gnu::always_inline]] static int64_t Of(uint64_t bits) {
    constexpr uint64_t kFives = 0x5555555555555555;
    constexpr uint64_t kThrees = 0x3333333333333333;
    constexpr uint64_t kNibbles = 0x0f0f0f0f0f0f0f0f;
    bits -= (bits >> 1) & kFives;
    bits = (bits & kThrees) + ((bits >> 2) & kThrees);
    bits = (bits + (bits >> 4)) & kNibbles;
    return static_cast<int64_t>((bits * 0x0101010101010101) >> 56);
  }
};
struct NativeCount {
  [[gnu::always_inline]] static int64_t Of(uint64_t bits) { return __builtin_popcountll(bits); }
};

// The bytes behind a backslash that is not escaped itself: in a run of backslashes the first, third
// and so on escape.
[[gnu::always_inline]] inline uint64_t Escaped(uint64_t backslashes, State* state) {
  constexpr uint64_t kEven = 0x5555555555555555;
  backslashes &= ~state->escaped;
  const uint64_t starts = backslashes & ~(backslashes << 1);
  // Adding the first bit of a run carries through the run: it turns to zeros.
  const uint64_t without_even_runs = backslashes + (starts & kEven);
  const uint64_t even_runs = backslashes & ~without_even_runs;
  const uint64_t odd_runs = backslashes & without_even_runs;
  const uint64_t escaping = (even_runs & kEven) | (odd_runs & ~kEven);
  const uint64_t escaped = escaping << 1 | state->escaped;
  state->escaped = escaping >> (kBlock - 1);
  return escaped;
}

// The quotes that begin or end a string.
[[gnu::always_inline]] inline uint64_t StringEnds(const Marks& marks, State* state) {
  if ((marks.backslashes | state->escaped) == 0) return marks.quotes;
  return marks.quotes & ~Escaped(marks.backslashes, state);
}

// Which bracket in `closing` closes the last that is open, or -1.
template <typename Count>
[[gnu::always_inline]] inline int FindLastClosing(uint64_t opening, uint64_t closing,
                                                  int64_t depth) {
  while (closing != 0) {
    const uint64_t bit = closing & (~closing + 1);
    const uint64_t before = opening & (bit - 1);
    depth += Count::Of(before) - 1;
    if (depth == 0) return __builtin_ctzll(bit);
    opening ^= before;
    closing ^= bit;
  }
  return -1;
}

// Passes one block. `parity`: bit i says whether the string ends up to byte i are odd in number.
// Gives the place of the bracket that closes the last that is open, or -1.
template <typename Count>
[[gnu::always_inline]] inline int PassBlock(const Marks& marks, uint64_t parity, State* state) {
  const uint64_t in_string = parity ^ state->in_string;
  state->in_string = uint64_t{0} - (in_string >> (kBlock - 1));
  const uint64_t opening = marks.opening & ~in_string;
  const uint64_t closing = marks.closing & ~in_string;
  const int64_t closed = Count::Of(closing);
  if (closed >= state->depth) {
    const int found = FindLastClosing<Count>(opening, closing, state->depth);
    if (found >= 0) return found;
  }
  state->depth += Count::Of(opening) - closed;
  return -1;
}

// The end of the text, byte by byte, by the same rules.
const char* PassTail(const char* at, const char* end, State state) {
  for (; at < end; ++at) {
    const char c = *at;
    if (c == '"' && state.escaped == 0) state.in_string = ~state.in_string;
    if (state.in_string == 0 && (c | 0x20) == '{') ++state.depth;
    if (state.in_string == 0 && (c | 0x20) == '}' && --state.depth == 0) return at + 1;
    state.escaped = c == '\\' && state.escaped == 0;
  }
  return nullptr;
}

Marks MarkPortably(const char* at) {
  Marks marks;
#if defined(__SSE2__)
  for (int i = 0; i < kBlock; i += 16) {
    const __m128i block = Load16(at + i);
    // This bit is all that a square bracket and a brace differ in.
    const __m128i brackets = _mm_or_si128(block, _mm_set1_epi8(0x20));
    marks.quotes |= uint64_t{Equal16(block, '"')} << i;
    marks.backslashes |= uint64_t{Equal16(block, '\\')} << i;
    marks.opening |= uint64_t{Equal16(brackets, '{')} << i;
    marks.closing |= uint64_t{Equal16(brackets, '}')} << i;
  }
#else
  for (int i = 0; i < kBlock; ++i) {
    const char c = at[i];
    marks.quotes |= uint64_t{c == '"'} << i;
    marks.backslashes |= uint64_t{c == '\\'} << i;
    marks.opening |= uint64_t{(c | 0x20) == '{'} << i;
    marks.closing |= uint64_t{(c | 0x20) == '}'} << i;
  }
#endif
  return marks;
}

uint64_t ParityPortably(uint64_t bits) {
  for (int shift = 1; shift < kBlock; shift *= 2) bits ^= bits << shift;
  return bits;
}

#if defined(__x86_64__)
#define PEDIA_AVX2 __attribute__((target("avx2,popcnt,pclmul")))

PEDIA_AVX2 inline uint64_t Equal64(__m256i low, __m256i high, char c) {
  const __m256i wanted = _mm256_set1_epi8(c);
  const auto bits = [](int mask) { return uint64_t{static_cast<unsigned>(mask)}; };
  return bits(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted))) |
         bits(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted))) << 32;
}

PEDIA_AVX2 inline Marks MarkAvx2(const char* at) {
  const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + 32));
  const __m256i brace = _mm256_set1_epi8(0x20);
  const __m256i low_brackets = _mm256_or_si256(low, brace);
  const __m256i high_brackets = _mm256_or_si256(high, brace);
  return {Equal64(low, high, '"'), Equal64(low, high, '\\'),
          Equal64(low_brackets, high_brackets, '{'), Equal64(low_brackets, high_brackets, '}')};
}

// The product with all ones, without carries, is the parity.
PEDIA_AVX2 inline uint64_t ParityAvx2(uint64_t bits) {
  const __m128i factor = _mm_set_epi64x(0, static_cast<long long>(bits));
  const __m128i product = _mm_clmulepi64_si128(factor, _mm_set1_epi8(-1), 0);
  return static_cast<uint64_t>(_mm_cvtsi128_si64(product));
}

PEDIA_AVX2 const char* SkipBracketsAvx2(const char* at, const char* end, int64_t depth) {
  State state{depth};
  for (; end - at >= kBlock; at += kBlock) {
    const Marks marks = MarkAvx2(at);
    const int found = PassBlock<NativeCount>(marks, ParityAvx2(StringEnds(marks, &state)), &state);
    if (found >= 0) return at + found + 1;
  }
  return PassTail(at, end, state);
}

bool HasAvx2() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") &&
         __builtin_cpu_supports("pclmul");
}
#endif

}  // namespace

const char* SkipBracketsPortably(const char* at, const char* end, int64_t depth) {
  State state{depth};
  for (; end - at >= kBlock; at += kBlock) {
    const Marks marks = MarkPortably(at);
    const uint64_t parity = ParityPortably(StringEnds(marks, &state));
    const int found = PassBlock<PortableCount>(marks, parity, &state);
    if (found >= 0) return at + found + 1;
  }
  return PassTail(at, end, state);
}

const char* SkipBrackets(const char* at, const char* end, int64_t depth) {
#if defined(__x86_64__)
  static const bool has_avx2 = HasAvx2();
  if (has_avx2) return SkipBracketsAvx2(at, end, depth);
#endif
  return SkipBracketsPortably(at, end, depth);
}

}  // namespace pedia::json_bytes
