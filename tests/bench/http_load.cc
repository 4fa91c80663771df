// Loads an HTTPS server with one GET, over N kept-alive connections, each sending its next request
// when it has the last answer:
//   http_load URL [--connections 4] [--seconds 3] [--requests N] [--header "Name: value"]...
//             [--gzip] [--items N]
// The first answer of all is read as JSON and must have N items or rows; every other one must have
// status 200 and is thrown away. Prints one line of JSON: requests a second, latencies in
// milliseconds, bytes; items of the first answer.
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/http_connection.h"

namespace pedia::bench {
namespace {

// A longer answer is not taken apart: its parse tree would not fit into memory.
constexpr int64_t kMostParsed = 64 << 20;

struct Flags {
  std::string url;
  int connections = 4;
  double seconds = 3;
  int64_t requests = 0;  // 0: as many as there is time for.
  std::string headers;
  bool gzip = false;
  int64_t items = -1;
};

struct Sample {
  double first_seconds;
  double seconds;
};

struct Load {
  std::vector<std::vector<Sample>> samples;  // By connection.
  std::atomic<int64_t> bytes = 0;
  std::atomic<int64_t> sent = 0;
  double seconds = 0;
  int64_t items = -1;
};

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

Flags ParseFlags(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto value = [&] {
      return i + 1 < argc ? argv[++i] : (Die(name + " needs a value"), "");
    };
    if (name == "--connections") {
      flags.connections = std::atoi(value());
    } else if (name == "--seconds") {
      flags.seconds = std::atof(value());
    } else if (name == "--requests") {
      flags.requests = std::atoll(value());
    } else if (name == "--header") {
      flags.headers += std::string(value()) + "\r\n";
    } else if (name == "--gzip") {
      flags.gzip = true;
    } else if (name == "--items") {
      flags.items = std::atoll(value());
    } else {
      flags.url = name;
    }
  }
  if (flags.url.empty()) Die("usage: http_load URL [flags], see http_load.cc");
  return flags;
}

std::string RequestOf(const Flags& flags, const Target& target) {
  return "GET " + target.path + " HTTP/1.1\r\nHost: " + target.host + "\r\n" + flags.headers +
         (flags.gzip ? "Accept-Encoding: gzip\r\n" : "") + "\r\n";
}

std::string Inflate(const std::string& compressed) {
  z_stream stream{};
  inflateInit2(&stream, 31);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string text;
  std::vector<char> piece(1 << 20);
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    state = inflate(&stream, Z_NO_FLUSH);
    text.append(piece.data(), piece.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (state != Z_STREAM_END) Die("the gzip stream is broken");
  return text;
}

// -1: not known.
int64_t CountItems(const std::string& json) {
  if (static_cast<int64_t>(json.size()) > kMostParsed) return -1;
  const auto document = nlohmann::json::parse(json, nullptr, false);
  if (document.is_discarded()) Die("the answer is not JSON");
  for (const char* list : {"items", "rows"}) {
    if (document.contains(list)) return static_cast<int64_t>(document[list].size());
  }
  return 1;
}

int64_t CheckFirst(const Flags& flags, const Target& target, const std::string& request) {
  std::string body;
  const HttpConnection::Answer answer = HttpConnection(target).Send(request, &body);
  if (answer.status != 200) Die("status " + std::to_string(answer.status) + ": " + body);
  const int64_t items = CountItems(answer.gzip ? Inflate(body) : body);
  if (flags.items >= 0 && items >= 0 && items != flags.items)
    Die("expected " + std::to_string(flags.items) + " items, got " + std::to_string(items));
  return items;
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void Drive(const Flags& flags, const Target& target, const std::string& request, double end,
           std::vector<Sample>* samples, Load* load) {
  HttpConnection connection(target);
  while (flags.requests > 0 ? load->sent++ < flags.requests : Now() < end) {
    const HttpConnection::Answer answer = connection.Send(request);
    if (answer.status != 200) Die("status " + std::to_string(answer.status));
    samples->push_back({answer.first_seconds, answer.seconds});
    load->bytes += answer.bytes;
  }
}

void Run(const Flags& flags, Load* load) {
  const Target target = ParseUrl(flags.url);
  const std::string request = RequestOf(flags, target);
  // The first answer of a load of few, long requests is one of them.
  if (flags.requests == 0 || flags.items >= 0) load->items = CheckFirst(flags, target, request);
  load->samples.resize(static_cast<size_t>(flags.connections));
  const double start = Now();
  std::vector<std::thread> threads;
  for (auto& samples : load->samples) {
    threads.emplace_back(
        [&, start] { Drive(flags, target, request, start + flags.seconds, &samples, load); });
  }
  for (std::thread& thread : threads) thread.join();
  load->seconds = Now() - start;
}

void Print(const Load& load) {
  std::vector<double> latencies;
  double first = 0;
  for (const auto& samples : load.samples) {
    for (const Sample& sample : samples) {
      latencies.push_back(sample.seconds * 1e3);
      first = std::max(first, sample.first_seconds * 1e3);
    }
  }
  std::sort(latencies.begin(), latencies.end());
  const auto percentile = [&](double p) {
    if (latencies.empty()) return 0.0;
    return latencies[std::min(latencies.size() - 1,
                              static_cast<size_t>(p * static_cast<double>(latencies.size())))];
  };
  const auto count = static_cast<double>(latencies.size());
  std::printf(
      "{\"requests\":%zu,\"per_second\":%.2f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,"
      "\"first_byte_max_ms\":%.3f,\"mb_per_second\":%.1f,\"bytes\":%lld,\"seconds\":%.3f,"
      "\"items\":%lld}\n",
      latencies.size(), count / load.seconds, percentile(0.5), percentile(0.99), percentile(1),
      first, static_cast<double>(load.bytes) / load.seconds / 1e6,
      static_cast<long long>(load.bytes), load.seconds, static_cast<long long>(load.items));
}

}  // namespace
}  // namespace pedia::bench

int main(int argc, char** argv) {
  const pedia::bench::Flags flags = pedia::bench::ParseFlags(argc, argv);
  pedia::bench::Load load;
  pedia::bench::Run(flags, &load);
  pedia::bench::Print(load);
}
