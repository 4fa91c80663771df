// Full lists over a real store and real sockets, taken byte by byte: what others notice of them.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "apiserver/request_class.h"
#include "meta/guarded.h"
#include "meta/log.h"
#include "storage/sql_store.h"
#include "tests/apiserver/api_fixture.h"

namespace pedia::apiserver {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::chrono::seconds kPatience{20};

// A connection with small buffers, so that the server soon waits for its reader.
class Client {
 public:
  explicit Client(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    const int small = 4096;
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;

  void Ask(const std::string& path) {
    const std::string request =
        "GET " + kBelow + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    EXPECT_TRUE(connected_ && send(fd_, request.data(), request.size(), MSG_NOSIGNAL) > 0);
  }
  void Drip() {
    char byte;
    (void)!recv(fd_, &byte, 1, MSG_DONTWAIT);
  }
  std::string ReadAll() {
    std::string all;
    char piece[65'536];
    for (ssize_t n; (n = recv(fd_, piece, sizeof piece, 0)) > 0;)
      all.append(piece, static_cast<size_t>(n));
    return all;
  }

 private:
  const int fd_;
  bool connected_ = false;
};

class SlowReaderTest : public ApiTest {
 protected:
  static constexpr int kReaders = 4;
  static constexpr int kPods = 1'500;  // Of 20 KB: more than what sockets and buffers hold.

  SlowReaderTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "pedia-slow-XXXXXX").string();
    folder_ = mkdtemp(folder.data());
    SetLogSink([this](LogLevel, std::string_view line) {
      log_.With([&](std::string& text) { text += std::string(line) + "\n"; });
    });
    auto store = storage::OpenSqliteStore({.path = folder_ / "pedia.db", .max_readers = kReaders});
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    sqlite_ = *std::move(store);
    server_ = std::make_unique<ApiServer>(*sqlite_, registry_, ApiServerOptions());
    WritePods();
  }
  ~SlowReaderTest() override {
    dripper_ = {};
    http_.reset();
    server_.reset();
    sqlite_.reset();
    SetLogSink([](LogLevel, std::string_view) {});
    std::filesystem::remove_all(folder_);
  }

  void WritePods() {
    std::vector<storage::Change> changes;
    for (int i = 0; i < kPods; ++i) {
      std::string body = PodBody("c1", "shop", "web-" + std::to_string(10'000 + i));
      body.insert(body.find("\"nodeName\""),
                  R"("notes":")" + std::string(20'000, static_cast<char>('a' + i % 26)) + R"(",)");
      auto row = storage::EncodeObject(ApiTest::kPods, body);
      ASSERT_TRUE(row.ok()) << row.status().ToString();
      changes.push_back(
          {storage::Change::Action::kUpsert, "c1", ApiTest::kPods, "Pod", *std::move(row)});
    }
    const auto applied = sqlite_->Apply(changes);
    ASSERT_TRUE(applied.ok()) << applied.status().ToString();
  }

  void Serve(std::chrono::milliseconds crowded_patience) {
    HttpServerOptions options;
    options.workers = kReaders;
    options.bulk_workers = kReaders / 2;
    options.classify = [](const HttpRequest& request) { return ClassifyRequest(request, ""); };
    options.crowded_patience = crowded_patience;
    auto http = StartBeastServer(options, [this](const auto& request, const auto& response) {
      server_->Handle(request, response);
    });
    ASSERT_TRUE(http.ok()) << http.status().ToString();
    http_ = *std::move(http);
  }

  // Full lists whose readers take a byte every few milliseconds.
  void StartDripping(int clients) {
    for (int i = 0; i < clients; ++i) {
      dripping_.push_back(std::make_unique<Client>(http_->port()));
      dripping_.back()->Ask("/api/v1/pods");
    }
    dripper_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        for (const auto& client : dripping_) client->Drip();
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    });
  }

  std::string Read(const std::string& path) {
    Client client(http_->port());
    client.Ask(path);
    return client.ReadAll();
  }
  std::string Log() const {
    return log_.With([](const std::string& text) { return text; });
  }

  std::filesystem::path folder_;
  Guarded<std::string> log_;
  std::unique_ptr<storage::Store> sqlite_;
  std::unique_ptr<HttpServer> http_;
  std::vector<std::unique_ptr<Client>> dripping_;
  std::jthread dripper_;
};

TEST_F(SlowReaderTest, DoNotDelayShortRequests) {
  Serve(/*crowded_patience=*/kPatience * 10);
  StartDripping(30);
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(Read("/clusters/c1/api/v1/namespaces/shop/pods/web-10007"), HasSubstr("web-10007"));
    EXPECT_THAT(Read("/api/v1/pods?limit=50"), StartsWith("HTTP/1.1 200 OK"));
  }
}

TEST_F(SlowReaderTest, AreCutOffSoThatOthersGetTheirFullList) {
  Serve(/*crowded_patience=*/std::chrono::milliseconds(200));
  StartDripping(4);
  const std::string list = Read("/api/v1/pods");
  EXPECT_THAT(list, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_TRUE(list.ends_with("\r\n0\r\n\r\n")) << list.size();
  EXPECT_THAT(Log(), HasSubstr("was cut off, too slow for"));
}

}  // namespace
}  // namespace pedia::apiserver
