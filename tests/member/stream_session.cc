#include "tests/member/stream_session.h"

#include <strings.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/member/list_response.h"
#include "tests/member/remote_command.h"
#include "tests/member/spdy_session.h"
#include "tests/member/web_socket.h"

namespace pedia::member {
namespace {

using apiserver::HttpRequest;
using apiserver::ResponseWriter;
using apiserver::UpgradedConnection;
using Connection = std::shared_ptr<UpgradedConnection>;

constexpr size_t kMaxUnsent = 1 << 20;
constexpr char kTunnelProtocol[] = "SPDY/3.1+portforward.k8s.io";

bool Same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool IsWebSocket(const HttpRequest& request) {
  return Same(request.Header("Upgrade").value_or(""), "websocket");
}

// Whether a list header, repeated or not, names `item`.
bool Names(const HttpRequest& request, std::string_view header, const std::string& item) {
  for (const auto& [name, value] : request.headers) {
    if (!Same(name, header)) continue;
    const std::string padded = "," + value + ",";
    for (const char* space : {"", " "}) {
      if (padded.find("," + (space + item) + ",") != std::string::npos) return true;
    }
  }
  return false;
}

std::string FirstOf(const HttpRequest& request, std::string_view header,
                    std::initializer_list<const char*> known) {
  for (const char* protocol : known) {
    if (Names(request, header, protocol)) return protocol;
  }
  return "";
}

// 101 in the request's own protocol; `stream_protocol` what it carries.
Connection Switch(const HttpRequest& request, const std::string& stream_protocol,
                  ResponseWriter& response) {
  const Connection connection = response.Upgrade();
  if (connection == nullptr) return nullptr;
  std::string head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ";
  head.append(*request.Header("Upgrade")).append("\r\n");
  if (IsWebSocket(request)) {
    head += "Sec-WebSocket-Accept: " +
            WebSocketAccept(request.Header("Sec-WebSocket-Key").value_or("")) + "\r\n";
    if (!stream_protocol.empty()) head += "Sec-WebSocket-Protocol: " + stream_protocol + "\r\n";
  } else if (!stream_protocol.empty()) {
    head += "X-Stream-Protocol-Version: " + stream_protocol + "\r\n";
  }
  connection->Write(head + "\r\n");
  return connection;
}

// A connection and what speaks on it; lives as long as the connection does.
class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(Connection connection) : connection_(std::move(connection)) {}
  virtual ~Session() = default;
  void Run() {
    connection_->Start([self = shared_from_this()](std::string_view bytes) {
      if (bytes.empty()) {
        self->connection_->Close();
      } else {
        self->Feed(bytes);
      }
      if (self->connection_->unsent() <= kMaxUnsent) return true;
      self->connection_->OnDrained(kMaxUnsent / 2, [weak = self->weak_from_this()] {
        if (const auto locked = weak.lock()) locked->connection_->Resume();
      });
      return false;
    });
  }

 protected:
  virtual void Feed(std::string_view bytes) = 0;
  std::function<void(std::string_view)> Sender() {
    return [this](std::string_view bytes) { connection_->Write(bytes); };
  }

  const Connection connection_;
};

class EchoSession final : public Session {
 public:
  using Session::Session;

 private:
  void Feed(std::string_view bytes) override { connection_->Write(bytes); }
};

struct CommandOptions {
  std::vector<std::string> words;
  bool input = false, error = false, tty = false;
};

// One of its subclasses decides what carries the streams.
class CommandSession : public Session {
 public:
  CommandSession(Connection connection, CommandOptions options)
      : Session(std::move(connection)),
        options_(std::move(options)),
        command_(options_.words, {.standard = [this](std::string_view b) { Send("stdout", b); },
                                  .error = [this](std::string_view b) { Send("stderr", b); },
                                  .exit = [this](int code) { End(code); }}) {}

 protected:
  virtual void Send(const std::string& stream, std::string_view bytes) = 0;
  virtual void End(int code) = 0;

  const CommandOptions options_;
  RemoteCommand command_;
};

class SpdyCommand final : public CommandSession {
 public:
  SpdyCommand(Connection connection, CommandOptions options)
      : CommandSession(std::move(connection), std::move(options)),
        spdy_({.send = Sender(),
               .opened = [this](auto id, const auto& headers) { Opened(id, headers); },
               .data =
                   [this](auto id, std::string_view bytes) {
                     if (id == ids_["stdin"]) command_.Input(bytes);
                   },
               .finished =
                   [this](auto id) {
                     if (id == ids_["stdin"]) command_.InputEnd();
                   }}) {}

 private:
  void Feed(std::string_view bytes) override {
    if (!spdy_.Feed(bytes)) connection_->Close();
  }
  // The command begins when the client has opened every stream that it announced.
  void Opened(SpdySession::StreamId id, const SpdySession::Headers& headers) {
    const auto type = headers.find("streamtype");
    if (type != headers.end()) ids_[type->second] = id;
    const size_t wanted = 2u + (options_.input ? 1 : 0) +
                          (options_.error && !options_.tty ? 1 : 0) + (options_.tty ? 1 : 0);
    if (ids_.size() == wanted) command_.Start();
  }
  void Send(const std::string& stream, std::string_view bytes) override {
    const auto id = ids_.find(ids_.contains(stream) ? stream : "stdout");
    if (id != ids_.end()) spdy_.Send(id->second, bytes);
  }
  void End(int code) override {
    spdy_.Send(ids_["error"], ExitStatus(code));
    for (const auto& [type, id] : ids_) {
      if (type != "stdin" && type != "resize") spdy_.Finish(id);
    }
    connection_->Close();
  }

  std::map<std::string, SpdySession::StreamId> ids_;
  SpdySession spdy_;
};

class WebSocketCommand final : public CommandSession {
 public:
  WebSocketCommand(Connection connection, CommandOptions options)
      : CommandSession(std::move(connection), std::move(options)),
        socket_({.send = Sender(),
                 .message = [this](std::string_view message) { OnMessage(message); },
                 .closed = [this] { connection_->Close(); }}) {}
  void Begin() {
    for (const char channel : {'\1', '\2', '\3'}) socket_.SendBinary(std::string_view(&channel, 1));
    command_.Start();
  }

 private:
  static constexpr char kError = '\3', kCloseChannel = '\xff';

  void Feed(std::string_view bytes) override { socket_.Feed(bytes); }
  void OnMessage(std::string_view message) {
    if (message.empty()) return;
    const char channel = message[0];
    message.remove_prefix(1);
    if (channel == '\0' && !message.empty()) command_.Input(message);
    if (channel == kCloseChannel && message == std::string_view("\0", 1)) command_.InputEnd();
  }
  void Send(const std::string& stream, std::string_view bytes) override {
    const char channel = stream == "stderr" && !options_.tty ? '\2' : '\1';
    socket_.SendBinary(std::string(1, channel).append(bytes));
  }
  void End(int code) override {
    socket_.SendBinary(std::string(1, kError) + ExitStatus(code));
    socket_.SendClose();
    connection_->Close();
  }

  WebSocket socket_;
};

// Ports: each connection is a pair of streams with the same request id.
class PortSession : public Session {
 public:
  explicit PortSession(Connection connection)
      : Session(std::move(connection)),
        spdy_({.send = [this](std::string_view bytes) { SendFrames(bytes); },
               .opened =
                   [this](auto id, const auto& headers) {
                     const auto find = [&](const char* name) {
                       const auto found = headers.find(name);
                       return found == headers.end() ? std::string() : found->second;
                     };
                     auto& pair = find("streamtype") == "data" ? data_ : errors_;
                     pair[id] = find("requestid");
                   },
               .data =
                   [this](auto id, std::string_view bytes) {
                     if (data_.contains(id)) spdy_.Send(id, bytes);
                   },
               .finished = [this](auto id) { Finished(id); }}) {}

 protected:
  virtual void SendFrames(std::string_view bytes) { connection_->Write(bytes); }
  void Feed(std::string_view bytes) override { FeedFrames(bytes); }
  void FeedFrames(std::string_view bytes) {
    if (!spdy_.Feed(bytes)) connection_->Close();
  }

 private:
  void Finished(SpdySession::StreamId id) {
    const auto data = data_.find(id);
    if (data == data_.end()) return;
    spdy_.Finish(id);
    for (const auto& [error, request] : errors_) {
      if (request == data->second) spdy_.Finish(error);
    }
    data_.erase(data);
  }

  std::map<SpdySession::StreamId, std::string> data_, errors_;  // To the request id.
  SpdySession spdy_;
};

class WebSocketPorts final : public PortSession {
 public:
  explicit WebSocketPorts(Connection connection)
      : PortSession(std::move(connection)),
        socket_({.send = Sender(),
                 .message = [this](std::string_view message) { FeedFrames(message); },
                 .closed = [this] { connection_->Close(); }}) {}

 private:
  void SendFrames(std::string_view bytes) override { socket_.SendBinary(bytes); }
  void Feed(std::string_view bytes) override { socket_.Feed(bytes); }

  WebSocket socket_;
};

CommandOptions OptionsOf(const HttpRequest& request, const RequestPath& path) {
  CommandOptions options;
  options.input = path.Parameter("stdin") == "true" || path.Parameter("stdin") == "1";
  options.error = path.Parameter("stderr") == "true" || path.Parameter("stderr") == "1";
  options.tty = path.Parameter("tty") == "true" || path.Parameter("tty") == "1";
  const size_t question = std::min(request.target.find('?'), request.target.size());
  // A command's words are repeated parameters.
  for (size_t at = question; at < request.target.size();) {
    const size_t end = std::min(request.target.find('&', at + 1), request.target.size());
    const RequestPath one =
        ParseRequestPath("GET", "/?" + request.target.substr(at + 1, end - at - 1));
    if (one.parameters.contains("command")) options.words.push_back(one.Parameter("command"));
    at = end;
  }
  return options;
}

}  // namespace

void RunCommand(const HttpRequest& request, const RequestPath& path, ResponseWriter& response) {
  if (IsWebSocket(request)) {
    const std::string protocol =
        FirstOf(request, "Sec-WebSocket-Protocol", {"v5.channel.k8s.io", "v4.channel.k8s.io"});
    if (protocol.empty()) return SendStatus(BadRequest("unknown subprotocol"), response);
    const Connection connection = Switch(request, protocol, response);
    if (!connection) return;
    const auto session = std::make_shared<WebSocketCommand>(connection, OptionsOf(request, path));
    session->Begin();
    return session->Run();
  }
  const std::string protocol = FirstOf(request, "X-Stream-Protocol-Version", {"v4.channel.k8s.io"});
  if (protocol.empty()) return SendStatus(BadRequest("unknown stream protocol"), response);
  if (const Connection connection = Switch(request, protocol, response))
    std::make_shared<SpdyCommand>(connection, OptionsOf(request, path))->Run();
}

void ForwardPorts(const HttpRequest& request, ResponseWriter& response) {
  const bool web_socket = IsWebSocket(request);
  if (web_socket && !Names(request, "Sec-WebSocket-Protocol", kTunnelProtocol))
    return SendStatus(BadRequest("unknown subprotocol"), response);
  const Connection connection =
      Switch(request, web_socket ? kTunnelProtocol : "portforward.k8s.io", response);
  if (!connection) return;
  if (web_socket) return std::make_shared<WebSocketPorts>(connection)->Run();
  std::make_shared<PortSession>(connection)->Run();
}

void EchoRaw(const HttpRequest& request, ResponseWriter& response) {
  if (const Connection connection = Switch(request, "", response))
    std::make_shared<EchoSession>(connection)->Run();
}

}  // namespace pedia::member
