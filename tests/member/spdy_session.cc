#include "tests/member/spdy_session.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace pedia::member {
namespace {

constexpr uint16_t kSynStream = 1, kSynReply = 2, kRstStream = 3, kPing = 6;
constexpr uint8_t kFin = 1;
constexpr uint16_t kVersion = 3;
constexpr size_t kFrameHead = 8;
constexpr size_t kMaxDataBytes = 32 * 1024;

uint32_t Number(std::string_view bytes) {
  uint32_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

std::string Bytes(uint32_t number) {
  return {static_cast<char>(number >> 24), static_cast<char>(number >> 16),
          static_cast<char>(number >> 8), static_cast<char>(number)};
}

// What both sides' compressors begin with, section 2.6.10.1: words with their lengths, then a text.
std::string Dictionary() {
  constexpr std::string_view kWords =
      "options|head|post|put|delete|trace|accept|accept-charset|accept-encoding|accept-language|"
      "accept-ranges|age|allow|authorization|cache-control|connection|content-base|"
      "content-encoding|content-language|content-length|content-location|content-md5|"
      "content-range|content-type|date|etag|expect|expires|from|host|if-match|if-modified-since|"
      "if-none-match|if-range|if-unmodified-since|last-modified|location|max-forwards|pragma|"
      "proxy-authenticate|proxy-authorization|range|referer|retry-after|server|te|trailer|"
      "transfer-encoding|upgrade|user-agent|vary|via|warning|www-authenticate|method|get|status|"
      "200 OK|version|HTTP/1.1|url|public|set-cookie|keep-alive|origin";
  constexpr std::string_view kText =
      "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
      "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request"
      "401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented"
      "503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 "
      "Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,"
      "application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age="
      "gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";
  std::string dictionary;
  for (std::string_view rest = kWords; !rest.empty();) {
    const size_t end = std::min(rest.find('|'), rest.size());
    dictionary += Bytes(static_cast<uint32_t>(end));
    dictionary += rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return dictionary.append(kText);
}

const Bytef* AsBytes(std::string_view text) { return reinterpret_cast<const Bytef*>(text.data()); }

// "count, (length, name, length, value)*"
std::optional<SpdySession::Headers> ParseHeaders(std::string_view block) {
  SpdySession::Headers headers;
  const auto take = [&](size_t size) -> std::optional<std::string_view> {
    if (block.size() < size) return std::nullopt;
    const std::string_view taken = block.substr(0, size);
    block.remove_prefix(size);
    return taken;
  };
  const auto take_text = [&]() -> std::optional<std::string_view> {
    const auto length = take(4);
    return length ? take(Number(*length)) : std::nullopt;
  };
  const auto count = take(4);
  if (!count) return std::nullopt;
  for (uint32_t i = 0; i < Number(*count); ++i) {
    const auto name = take_text();
    const auto value = take_text();
    if (!name || !value) return std::nullopt;
    headers.emplace(*name, *value);
  }
  return headers;
}

}  // namespace

struct SpdySession::Compression {
  Compression() {
    inflateInit(&reader);
    deflateInit(&writer, Z_BEST_SPEED);
    deflateSetDictionary(&writer, AsBytes(dictionary), static_cast<uInt>(dictionary.size()));
  }
  ~Compression() {
    inflateEnd(&reader);
    deflateEnd(&writer);
  }
  std::optional<std::string> Inflate(std::string_view bytes) {
    std::string out;
    std::array<char, 4096> buffer;
    reader.next_in = const_cast<Bytef*>(AsBytes(bytes));
    reader.avail_in = static_cast<uInt>(bytes.size());
    while (true) {
      reader.next_out = reinterpret_cast<Bytef*>(buffer.data());
      reader.avail_out = buffer.size();
      const int code = inflate(&reader, Z_SYNC_FLUSH);
      out.append(buffer.data(), buffer.size() - reader.avail_out);
      if (code == Z_NEED_DICT) {
        inflateSetDictionary(&reader, AsBytes(dictionary), static_cast<uInt>(dictionary.size()));
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return std::nullopt;
      } else if (reader.avail_in == 0 && reader.avail_out > 0) {
        return out;
      }
    }
  }
  std::string Deflate(std::string_view bytes) {
    std::string out(bytes.size() + 256, '\0');
    writer.next_in = const_cast<Bytef*>(AsBytes(bytes));
    writer.avail_in = static_cast<uInt>(bytes.size());
    writer.next_out = reinterpret_cast<Bytef*>(out.data());
    writer.avail_out = static_cast<uInt>(out.size());
    deflate(&writer, Z_SYNC_FLUSH);
    out.resize(out.size() - writer.avail_out);
    return out;
  }

  const std::string dictionary = Dictionary();
  z_stream reader{};
  z_stream writer{};
};

SpdySession::SpdySession(Events events)
    : events_(std::move(events)), compression_(std::make_unique<Compression>()) {}
SpdySession::~SpdySession() = default;

bool SpdySession::Feed(std::string_view bytes) {
  input_.append(bytes);
  size_t at = 0;
  bool good = true;
  while (good && input_.size() - at >= kFrameHead) {
    const std::string_view frame = std::string_view(input_).substr(at);
    const uint32_t first = Number(frame.substr(0, 4));
    const uint32_t second = Number(frame.substr(4, 4));
    const size_t length = second & 0xffffff;
    const auto flags = static_cast<uint8_t>(second >> 24);
    if (frame.size() < kFrameHead + length) break;
    const std::string_view payload = frame.substr(kFrameHead, length);
    if (first & 0x80000000u) {
      good = (first >> 16 & 0x7fff) == kVersion &&
             OnControl(static_cast<uint16_t>(first), flags, payload);
    } else {
      if (!payload.empty()) events_.data(first, payload);
      if (flags & kFin) events_.finished(first);
    }
    at += kFrameHead + length;
  }
  input_.erase(0, at);
  return good;
}

bool SpdySession::OnControl(uint16_t type, uint8_t flags, std::string_view payload) {
  switch (type) {
    case kSynStream:
      return OnSynStream(flags, payload);
    case kRstStream:
      if (payload.size() >= 4) events_.finished(Number(payload.substr(0, 4)));
      return true;
    case kPing:
      SendControl(kPing, payload);
      return true;
    default:
      return true;
  }
}

// Stream, associated stream, priority and slot, then the headers.
bool SpdySession::OnSynStream(uint8_t flags, std::string_view payload) {
  if (payload.size() < 10) return false;
  const StreamId stream = Number(payload.substr(0, 4)) & 0x7fffffff;
  const auto block = compression_->Inflate(payload.substr(10));
  const auto headers = block ? ParseHeaders(*block) : std::nullopt;
  if (!headers) return false;
  SendControl(kSynReply, Bytes(stream) + compression_->Deflate(Bytes(0)));
  events_.opened(stream, *headers);
  if (flags & kFin) events_.finished(stream);
  return true;
}

void SpdySession::SendControl(uint16_t type, std::string_view payload) {
  std::string frame = Bytes(0x80000000u | uint32_t{kVersion} << 16 | type);
  frame += Bytes(static_cast<uint32_t>(payload.size()));
  events_.send(frame.append(payload));
}

void SpdySession::SendData(StreamId stream, uint8_t flags, std::string_view bytes) {
  std::string frame = Bytes(stream);
  frame += Bytes(uint32_t{flags} << 24 | static_cast<uint32_t>(bytes.size()));
  events_.send(frame.append(bytes));
}

void SpdySession::Send(StreamId stream, std::string_view bytes) {
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kMaxDataBytes)))
    SendData(stream, 0, bytes.substr(0, kMaxDataBytes));
}

void SpdySession::Finish(StreamId stream) { SendData(stream, kFin, ""); }

}  // namespace pedia::member
