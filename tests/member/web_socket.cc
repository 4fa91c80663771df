#include "tests/member/web_socket.h"

#include <openssl/sha.h>

#include <utility>

#include "meta/base64.h"

namespace pedia::member {
namespace {

constexpr uint8_t kFinal = 0x80, kOpcode = 0x0f;
constexpr uint8_t kClose = 8, kPing = 9, kPong = 10;

uint64_t Number(std::string_view bytes) {
  uint64_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

std::string Bytes(uint64_t number, int size) {
  std::string bytes;
  while (size-- > 0) bytes += static_cast<char>(number >> (8 * size));
  return bytes;
}

}  // namespace

std::string WebSocketAccept(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return EncodeBase64({reinterpret_cast<const char*>(digest), sizeof digest});
}

void WebSocket::Feed(std::string_view bytes) {
  input_.append(bytes);
  while (const size_t size = TakeFrame(input_)) input_.erase(0, size);
}

// How many bytes the first frame has; 0 if it is not complete. Frames of clients are masked.
size_t WebSocket::TakeFrame(std::string_view input) {
  constexpr size_t kMaskBytes = 4;
  if (input.size() < 2) return 0;
  const uint8_t short_length = static_cast<uint8_t>(input[1]) & 0x7f;
  const size_t length_bytes = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
  const size_t head = 2 + length_bytes + kMaskBytes;
  if (input.size() < head) return 0;
  const uint64_t length = length_bytes == 0 ? short_length : Number(input.substr(2, length_bytes));
  if (input.size() - head < length) return 0;
  const std::string_view mask = input.substr(2 + length_bytes, kMaskBytes);
  std::string payload(input.substr(head, length));
  for (size_t i = 0; i < payload.size(); ++i)
    payload[i] = static_cast<char>(payload[i] ^ mask[i % kMaskBytes]);
  OnFrame(static_cast<uint8_t>(input[0]), std::move(payload));
  return head + length;
}

void WebSocket::OnFrame(uint8_t first, std::string payload) {
  switch (first & kOpcode) {
    case kClose:
      return events_.closed();
    case kPing:
      return SendFrame(kFinal | kPong, payload);
    case kPong:
      return;
    default:
      message_ += payload;
      if (first & kFinal) events_.message(std::exchange(message_, {}));
  }
}

void WebSocket::SendFrame(uint8_t first, std::string_view payload) {
  std::string frame(1, static_cast<char>(first));
  if (payload.size() < 126) {
    frame += static_cast<char>(payload.size());
  } else if (payload.size() < 65536) {
    frame += '\x7e' + Bytes(payload.size(), 2);
  } else {
    frame += '\x7f' + Bytes(payload.size(), 8);
  }
  events_.send(frame.append(payload));
}

}  // namespace pedia::member
