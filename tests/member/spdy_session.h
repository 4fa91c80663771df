// SpdySession: the server's side of SPDY/3.1 as Kubernetes uses it: streams that the client opens,
// no flow control. Source: SPDY protocol draft 3.1.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace pedia::member {

// One thread.
class SpdySession {
 public:
  using StreamId = uint32_t;
  using Headers = std::map<std::string, std::string>;  // Names in lower case.
  struct Events {
    std::function<void(std::string_view bytes)> send;
    std::function<void(StreamId stream, const Headers& headers)> opened;
    std::function<void(StreamId stream, std::string_view bytes)> data;
    std::function<void(StreamId stream)> finished;  // The client's side of it.
  };
  explicit SpdySession(Events events);
  ~SpdySession();

  // What came from the client. False: it is no SPDY.
  bool Feed(std::string_view bytes);
  void Send(StreamId stream, std::string_view bytes);
  void Finish(StreamId stream);

 private:
  struct Compression;

  bool OnControl(uint16_t type, uint8_t flags, std::string_view payload);
  bool OnSynStream(uint8_t flags, std::string_view payload);
  void SendControl(uint16_t type, std::string_view payload);
  void SendData(StreamId stream, uint8_t flags, std::string_view bytes);

  const Events events_;
  const std::unique_ptr<Compression> compression_;
  std::string input_;
};

}  // namespace pedia::member
