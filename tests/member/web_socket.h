// WebSocket: the server's side of one connection. Source: RFC 6455.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace pedia::member {

// The answer to Sec-WebSocket-Key.
std::string WebSocketAccept(std::string_view key);

// One thread.
class WebSocket {
 public:
  struct Events {
    std::function<void(std::string_view bytes)> send;
    std::function<void(std::string_view message)> message;  // Text or binary.
    std::function<void()> closed;                           // The client has said so.
  };
  explicit WebSocket(Events events) : events_(std::move(events)) {}

  void Feed(std::string_view bytes);
  void SendBinary(std::string_view message) { SendFrame(0x82, message); }
  void SendClose() { SendFrame(0x88, std::string_view("\x03\xe8", 2)); }

 private:
  size_t TakeFrame(std::string_view input);
  void OnFrame(uint8_t first, std::string payload);
  void SendFrame(uint8_t first, std::string_view payload);

  const Events events_;
  std::string input_;
  std::string message_;  // Of fragments.
};

}  // namespace pedia::member
