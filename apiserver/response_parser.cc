#include "apiserver/response_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <utility>

namespace pedia::apiserver {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

constexpr uint32_t kMaxHeadBytes = 256 * 1024;

bool IsInterim(unsigned status) { return status >= 100 && status < 200 && status != 101; }

}  // namespace

struct ResponseParser::State {
  void Begin() {
    parser.emplace();
    parser->header_limit(kMaxHeadBytes);
    parser->body_limit(boost::none);
    parser->eager(true);
    if (of_head_request) parser->skip(true);
  }
  // False: not well-formed.
  bool Step() {
    error_code failure;
    const size_t used = parser->put(boost::asio::buffer(input), failure);
    if (failure && failure != http::error::need_more) return false;
    input.erase(0, used);
    if (parser->is_header_done() && !has_head) {
      if (IsInterim(parser->get().result_int())) {
        Begin();
      } else {
        TakeHead();
      }
    }
    return true;
  }
  void TakeHead() {
    has_head = true;
    for (const auto& field : parser->get())
      headers.emplace_back(field.name_string(), field.value());
  }

  bool of_head_request = false;
  std::optional<http::response_parser<http::string_body>> parser;
  std::string input;
  HeaderFields headers;
  bool has_head = false;
};

ResponseParser::ResponseParser(bool of_head_request) : state_(std::make_unique<State>()) {
  state_->of_head_request = of_head_request;
  state_->Begin();
}
ResponseParser::~ResponseParser() = default;

bool ResponseParser::Feed(std::string_view bytes) {
  state_->input.append(bytes);
  while (!state_->input.empty() && !complete()) {
    const size_t before = state_->input.size();
    if (!state_->Step()) return false;
    if (state_->input.size() == before) break;
  }
  return state_->input.size() <= kMaxHeadBytes || complete();
}

bool ResponseParser::End() {
  if (complete()) return true;
  error_code failure;
  state_->parser->put_eof(failure);
  return !failure && complete();
}

bool ResponseParser::has_head() const { return state_->has_head; }
int ResponseParser::status() const { return static_cast<int>(state_->parser->get().result_int()); }
const HeaderFields& ResponseParser::headers() const { return state_->headers; }
std::string ResponseParser::TakeBody() { return std::exchange(state_->parser->get().body(), {}); }
bool ResponseParser::complete() const { return state_->has_head && state_->parser->is_done(); }
std::string ResponseParser::TakeRest() { return std::exchange(state_->input, {}); }

}  // namespace pedia::apiserver
