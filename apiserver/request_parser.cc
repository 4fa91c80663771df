#include "apiserver/request_parser.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string>

namespace pedia::apiserver {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

// A chunk's size line, its extensions and the trailers of a body have no use here, so no room
// either.
constexpr size_t kMaxChunkLineBytes = 16 * 1024;

Refusal RefusalFor(const error_code& failure) {
  if (failure == http::error::header_limit) {
    return {431, "the request line and headers are too large"};
  }
  if (failure == http::error::body_limit) return {413, "the request body is too large"};
  if (failure == http::error::bad_version) return {400, "the HTTP version served is 1.1"};
  return {400, "the request is not well-formed HTTP: " + failure.message()};
}

bool IsFolded(std::string_view head) {
  return head.find("\r\n ") != std::string_view::npos ||
         head.find("\r\n\t") != std::string_view::npos;
}

}  // namespace

struct RequestParser::State {
  State(size_t header_bytes, size_t body_bytes)
      : max_header_bytes(static_cast<uint32_t>(std::min<size_t>(header_bytes, UINT32_MAX))),
        max_body_bytes(body_bytes) {}

  bool Begin();
  Outcome Step();
  bool ReadHead(std::string_view head);
  Outcome Refuse(Refusal why) {
    refusal = std::move(why);
    return Outcome::kRefused;
  }

  const uint32_t max_header_bytes;
  const size_t max_body_bytes;
  std::string input;
  std::optional<http::request_parser<http::string_body>> parser;
  HttpRequest request;
  Refusal refusal{400, ""};
  bool head_read = false;
  bool expectation = false;
  int minor_version = 1;
  bool keep_alive = true;
};

RequestParser::RequestParser(size_t max_header_bytes, size_t max_body_bytes)
    : state_(std::make_unique<State>(max_header_bytes, max_body_bytes)) {}
RequestParser::~RequestParser() = default;

void RequestParser::Append(std::string_view bytes) { state_->input.append(bytes); }
HttpRequest& RequestParser::request() { return state_->request; }
const Refusal& RequestParser::refusal() const { return state_->refusal; }
bool RequestParser::is_head() const {
  return state_->head_read && state_->request.method == "HEAD";
}
int RequestParser::minor_version() const { return state_->minor_version; }
bool RequestParser::keep_alive() const { return state_->keep_alive; }
size_t RequestParser::unparsed_bytes() const { return state_->input.size(); }
std::string RequestParser::TakeUnparsed() { return std::exchange(state_->input, {}); }

bool RequestParser::TakeExpectation() { return std::exchange(state_->expectation, false); }

void RequestParser::Reset() {
  state_->parser.reset();
  state_->request = {};
  state_->head_read = false;
  state_->expectation = false;
  state_->minor_version = 1;
  state_->keep_alive = true;
  if (state_->input.empty()) std::string().swap(state_->input);  // Thousands of connections idle.
}

RequestParser::Outcome RequestParser::Advance() {
  if (!state_->parser && !state_->Begin()) return Outcome::kNothing;
  while (true) {
    const size_t before = state_->input.size();
    const bool head_before = state_->head_read;
    const Outcome outcome = state_->Step();
    if (outcome != Outcome::kIncomplete) return outcome;
    const bool moved = state_->input.size() != before || state_->head_read != head_before;
    if (!moved || state_->input.empty()) return outcome;
  }
}

// False when there are only the empty lines that some clients send after a body.
bool RequestParser::State::Begin() {
  const size_t start = input.find_first_not_of("\r\n");
  input.erase(0, start);
  if (start == std::string::npos) return false;
  parser.emplace();
  parser->header_limit(max_header_bytes);
  parser->body_limit(max_body_bytes);
  return true;
}

RequestParser::Outcome RequestParser::State::Step() {
  error_code failure;
  const size_t used = parser->put(boost::asio::buffer(input), failure);
  if (failure && failure != http::error::need_more) return Refuse(RefusalFor(failure));
  if (parser->is_header_done() && !head_read &&
      !ReadHead(std::string_view(input).substr(0, used))) {
    return Outcome::kRefused;
  }
  input.erase(0, used);
  if (parser->is_done()) {
    request.body = std::move(parser->get().body());
    return Outcome::kComplete;
  }
  if (head_read && failure && input.size() > kMaxChunkLineBytes) {
    return Refuse({400, "a chunk of the body has an overlong head"});
  }
  return Outcome::kIncomplete;
}

// Before the body, so that trailers do not get among the headers. False when the request was
// refused.
bool RequestParser::State::ReadHead(std::string_view head) {
  head_read = true;
  const auto& message = parser->get();
  minor_version = message.version() >= 11 ? 1 : 0;
  request.method = message.method_string();
  request.target = message.target();
  for (const auto& field : message) {
    request.headers.emplace_back(field.name_string(), field.value());
  }
  keep_alive = WantsKeepAlive(request, minor_version);
  std::optional<Refusal> complaint = CheckHead(request, minor_version);
  if (IsFolded(head)) complaint = Refusal{400, "a header is folded over several lines"};
  if (complaint) {
    refusal = *std::move(complaint);
    return false;
  }
  const bool body_awaited = !parser->is_done() && input.size() == head.size();
  expectation = body_awaited && minor_version > 0 && request.Header("Expect").has_value();
  return true;
}

}  // namespace pedia::apiserver
