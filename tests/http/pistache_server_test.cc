// What the guard of the Pistache back-end refuses, and that its known defects stay out of reach.
#include <thread>

#include "server_fixture.h"

namespace pedia::apiserver {
namespace {

using ::testing::HasSubstr;

class PistacheServerTest : public ServerTest {};
INSTANTIATE_TEST_SUITE_P(Backends, PistacheServerTest, ::testing::Values(Backend::kPistache),
                         BackendName);

TEST_P(PistacheServerTest, RefusesWhatIsNotAShortGetOrHead) {
  StartEcho();
  EXPECT_THAT(Connect()->Ask("POST / HTTP/1.1\r\nHost: a\r\n\r\n"), IsStatusObject(405));
  EXPECT_THAT(Connect()->Ask("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"),
              IsStatusObject(413));
  EXPECT_THAT(Connect()->Ask("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
              IsStatusObject(413));
  EXPECT_THAT(Connect()->Get("/" + std::string(9000, 'a')), IsStatusObject(431));
  EXPECT_EQ(Connect()->Get("/", "Content-Length: 0\r\n").status, 200);
}

// A chunk split between CR and LF hangs Pistache's own parser for ever.
TEST_P(PistacheServerTest, IsNotHungByASplitChunk) {
  StartEcho({.io_threads = 1});
  const auto client = Connect();
  client->Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r");
  EXPECT_THAT(client->Receive(), IsStatusObject(405));
  client->Send("\n0\r\n\r\n");
  EXPECT_EQ(GetOnce("/alive").body, "GET /alive");
}

// A full socket makes Pistache's own writer spin.
TEST_P(PistacheServerTest, ServesOthersWhileSomeClientsDoNotRead) {
  TestClient::UseSmallBuffers(true);
  const std::string large(4'000'000, 'l');
  std::atomic<int> begun = 0;
  const Running running = Run(
      [&](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
        ++begun;
        response->Send(200, {}, request.target == "/large" ? large : "small");
      },
      {.io_threads = 1, .workers = 6, .write_timeout = kPatience * 3});
  std::vector<std::unique_ptr<TestClient>> stalled;
  for (int i = 0; i < 5; ++i) {
    stalled.push_back(Connect());
    ASSERT_TRUE(stalled.back()->Send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n"));
  }
  TestClient::UseSmallBuffers(false);
  ASSERT_TRUE(Eventually([&] { return begun == 5; }));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(GetOnce("/small").body, "small");
  EXPECT_EQ(stalled[0]->Receive().body, large);
}

TEST_P(PistacheServerTest, RefusesAnAnswerOfMoreThan4Megabytes) {
  Start([](const HttpRequest&, const std::shared_ptr<ResponseWriter>& response) {
    response->WriteHead(200, {}, std::nullopt);
    const std::string piece(1'000'000, 'p');
    bool accepted = true;
    for (int i = 0; i < 6; ++i) accepted = response->Write(piece);
    EXPECT_FALSE(accepted);
    response->Finish();
  });
  EXPECT_THAT(GetOnce("/"), IsStatusObject(500));
}

TEST(PistacheServerStartTest, RefusesTls) {
  HttpServerOptions options;
  options.tls = TlsOptions{};
  EXPECT_THAT(StartPistacheServer(
                  options, [](const HttpRequest&, const std::shared_ptr<ResponseWriter>&) {}),
              pedia::testing::FailsWith(StatusReason::kBadRequest, HasSubstr("plain")));
}

}  // namespace
}  // namespace pedia::apiserver
