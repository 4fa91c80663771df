#include "storage/postgres_session.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace pedia::storage {
namespace {

constexpr int kBinary = 1;
constexpr int kTickMs = 50;
// How long what nobody wants may pause.
constexpr int kDrainPauseMs = 100;
constexpr uint64_t kAwaitsPerCheck = 128;
constexpr size_t kCopyChunk = 256 * 1024;

Status TookTooLong() { return Timeout("the query took too long and was ended"); }

}  // namespace

void PostgresResultDeleter::operator()(pg_result* result) const { PQclear(result); }

PostgresSession::PostgresSession(pg_conn* connection, std::shared_ptr<const PostgresErrors> errors,
                                 std::function<bool()> must_end)
    : connection_(connection), errors_(std::move(errors)), must_end_(std::move(must_end)) {
  PQsetNoticeProcessor(
      connection_, [](void*, const char*) {}, nullptr);
  if (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) != 1) (void)Lost();
}

PostgresSession::~PostgresSession() { PQfinish(connection_); }

PostgresReplyRef PostgresSession::Expect(bool sent, bool streamed) {
  auto reply = std::make_shared<PostgresReply>();
  reply->streamed = streamed;
  if (sent) {
    awaited_.push_back(reply);
  } else {
    reply->done = true;
    reply->status = connection_ == nullptr ? closed_ : Lost();
  }
  return reply;
}

PostgresReplyRef PostgresSession::Prepare(const std::string& name, const std::string& text,
                                          const PostgresParameters& parameters) {
  return Expect(connection_ != nullptr && PQsendPrepare(connection_, name.c_str(), text.c_str(),
                                                        parameters.count(), parameters.types()),
                /*streamed=*/false);
}

PostgresReplyRef PostgresSession::Execute(const std::string& name,
                                          const PostgresParameters& parameters, bool streamed) {
  return Expect(
      connection_ != nullptr &&
          PQsendQueryPrepared(connection_, name.c_str(), parameters.count(), parameters.values(),
                              parameters.lengths(), parameters.formats(), kBinary),
      streamed);
}

PostgresReplyRef PostgresSession::Query(const std::string& text,
                                        const PostgresParameters& parameters, bool streamed) {
  return Expect(connection_ != nullptr &&
                    PQsendQueryParams(connection_, text.c_str(), parameters.count(),
                                      parameters.types(), parameters.values(), parameters.lengths(),
                                      parameters.formats(), kBinary),
                streamed);
}

void PostgresSession::Send() {
  if (connection_ == nullptr) return;
  if (PQpipelineSync(connection_) != 1) {
    (void)Lost();
    return;
  }
  awaited_.push_back(nullptr);
  (void)Flush();
}

// Reads as well: a server that cannot get rid of its replies takes no commands.
Status PostgresSession::Flush() {
  while (connection_ != nullptr) {
    const int left = PQflush(connection_);
    if (left == 0) return Status();
    if (left < 0) return Lost();
    bool readable = false;
    if (Status status = Wait(POLLIN | POLLOUT, &readable); !status.ok()) return status;
    if (readable && PQconsumeInput(connection_) != 1) return Lost();
  }
  return closed_;
}

Status PostgresSession::Await(PostgresReply& reply) {
  // While rows come fast, nobody waits for them.
  if (++awaits_ % kAwaitsPerCheck == 0 && must_end_()) Close(TookTooLong());
  while (reply.results.empty() && !reply.done) {
    if (Status status = Receive(); !status.ok()) return status;
  }
  return Status();
}

Status PostgresSession::Finish(PostgresReply& reply) {
  reply.abandoned = true;
  reply.results.clear();
  while (!reply.done) {
    if (Status status = Receive(); !status.ok()) return status;
  }
  return reply.status;
}

Status PostgresSession::Receive() {
  if (connection_ == nullptr) return closed_;
  if (awaited_.empty()) return Lost();  // Cannot be: somebody waits for what was not sent.
  const PostgresReplyRef reply = awaited_.front();  // Close() forgets it.
  StartHead();
  const bool likely = reply != nullptr && reply->streamed;
  if (Status status = WaitForResult(likely); !status.ok()) return status;
  PostgresResult result(PQgetResult(connection_));
  if (PQstatus(connection_) == CONNECTION_BAD) return FailureOf(result.get());
  if (reply == nullptr) {  // The end of what was sent together.
    if (PQresultStatus(result.get()) != PGRES_PIPELINE_SYNC) return Lost();
    awaited_.pop_front();
    return Status();
  }
  if (result == nullptr) return Lost();  // Cannot be.
  Accept(*reply, std::move(result));
  if (connection_ == nullptr) return closed_;
  if (!reply->done) return Status();
  // The end of the reply is known without the server. Unless it is taken now, libpq leaves it out
  // when the next command is sent.
  result.reset(PQgetResult(connection_));
  awaited_.pop_front();
  return Status();
}

void PostgresSession::Accept(PostgresReply& reply, PostgresResult result) {
  const ExecStatusType status = PQresultStatus(result.get());
  switch (status) {
    case PGRES_SINGLE_TUPLE:
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
      if (status != PGRES_SINGLE_TUPLE) {
        reply.done = true;
        reply.tag = PQcmdStatus(result.get());
      }
      if (PQntuples(result.get()) > 0 && !reply.abandoned)
        reply.results.push_back(std::move(result));
      return;
    case PGRES_PIPELINE_ABORTED:  // After a failure of one of those before it.
      reply.done = true;
      reply.status = failure_.ok() ? InternalError("the store failed") : failure_;
      return;
    default:
      reply.done = true;
      reply.status = FailureOf(result.get());
  }
}

Status PostgresSession::FailureOf(const pg_result* result) {
  const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* message =
      result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (state == nullptr) return Lost();
  const std::string sqlstate = state;
  failure_ = PostgresFailure(*errors_, sqlstate, message == nullptr ? "" : message);
  if (EndsPostgresConnection(sqlstate) || PQstatus(connection_) == CONNECTION_BAD) Close(failure_);
  return failure_;
}

Status PostgresSession::Lost() {
  if (connection_ == nullptr) return closed_;
  Close(PostgresFailure(*errors_, "", PQerrorMessage(connection_)));
  return closed_;
}

void PostgresSession::Close(Status why) {
  if (connection_ == nullptr) return;
  closed_ = std::move(why);
  PQfinish(std::exchange(connection_, nullptr));
  for (const PostgresReplyRef& reply : awaited_) {
    if (reply == nullptr || reply->done) continue;
    reply->done = true;
    reply->status = closed_;
  }
  awaited_.clear();
}

// Must be called before libpq looks at what has come of a reply.
void PostgresSession::StartHead() {
  if (awaited_.empty() || awaited_.front() == nullptr) return;
  PostgresReply& reply = *awaited_.front();
  if (!std::exchange(reply.started, true) && reply.streamed) PQsetSingleRowMode(connection_);
}

// `likely`: something has probably come already.
Status PostgresSession::WaitForResult(bool likely) {
  bool readable = likely;
  while (PQisBusy(connection_) == 1) {
    if (!readable) {
      if (Status status = Wait(POLLIN, &readable); !status.ok()) return status;
    }
    if (readable && PQconsumeInput(connection_) != 1) return Lost();
    readable = false;
  }
  return Status();
}

Status PostgresSession::Wait(short events, bool* readable) {
  while (true) {
    pollfd socket = {PQsocket(connection_), events, 0};
    const int ready = poll(&socket, 1, kTickMs);
    if (ready > 0) {
      *readable = (socket.revents & ~POLLOUT) != 0;
      return Status();
    }
    if (ready < 0 && errno != EINTR) return Lost();
    if (!must_end_()) continue;
    Close(TookTooLong());
    return closed_;
  }
}

bool PostgresSession::IsAlive() {
  // A server that ends a connection says so first: only what comes then shows that it is gone.
  for (int reads = 0; reads < 3 && connection_ != nullptr; ++reads) {
    pollfd socket = {PQsocket(connection_), POLLIN, 0};
    if (poll(&socket, 1, 0) <= 0) break;
    if (PQconsumeInput(connection_) != 1) (void)Lost();
    ReceiveWhatHasCome();
  }
  return connection_ != nullptr;
}

void PostgresSession::ReceiveWhatHasCome() {
  while (connection_ != nullptr) {
    StartHead();
    if (PQisBusy(connection_) == 1 || awaited_.empty()) return;
    (void)Receive();
  }
}

bool PostgresSession::IsBusy() const {
  return std::any_of(awaited_.begin(), awaited_.end(), [](const PostgresReplyRef& reply) {
    return reply != nullptr && !reply->done;
  });
}

bool PostgresSession::DrainWhileItFlows(std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  for (const PostgresReplyRef& reply : awaited_) {
    if (reply == nullptr) continue;
    reply->abandoned = true;
    reply->results.clear();
  }
  while (ReceiveWhatHasCome(), connection_ != nullptr && !awaited_.empty()) {
    pollfd socket = {PQsocket(connection_), POLLIN, 0};
    if (std::chrono::steady_clock::now() > end || poll(&socket, 1, kDrainPauseMs) <= 0) {
      Close(TookTooLong());
    } else if (PQconsumeInput(connection_) != 1) {
      (void)Lost();
    }
  }
  return connection_ != nullptr;
}

Status PostgresSession::Drain() {
  while (!awaited_.empty()) {
    if (Status status = Receive(); !status.ok()) return status;
  }
  return connection_ == nullptr ? closed_ : Status();
}

Status PostgresSession::CopyIn(const std::string& text, std::string_view data) {
  if (Status status = Drain(); !status.ok()) return status;
  if (PQexitPipelineMode(connection_) != 1) return Lost();
  failure_ = Status();
  const Status copied = SendCopyData(text, data);
  if (connection_ == nullptr) return closed_;
  if (PQenterPipelineMode(connection_) != 1) return Lost();
  return copied;
}

Status PostgresSession::SendCopyData(const std::string& text, std::string_view data) {
  if (PQsendQuery(connection_, text.c_str()) != 1) return Lost();
  if (Status status = Flush(); !status.ok()) return status;
  bool refused = false;  // By the server, before or within the data.
  if (Status status = WaitForResult(/*likely=*/false); !status.ok()) return status;
  Status failure;
  PostgresResult begun(PQgetResult(connection_));
  if (PQresultStatus(begun.get()) != PGRES_COPY_IN) {
    failure = FailureOf(begun.get());
    refused = true;
  }
  for (; !refused && !data.empty(); data.remove_prefix(std::min(kCopyChunk, data.size()))) {
    const std::string_view chunk = data.substr(0, kCopyChunk);
    while (true) {
      const int queued = PQputCopyData(connection_, chunk.data(), static_cast<int>(chunk.size()));
      if (queued < 0) return Lost();
      if (Status status = Flush(); !status.ok()) return status;
      if (queued == 1) break;
    }
  }
  if (!refused && PQputCopyEnd(connection_, nullptr) != 1) return Lost();
  if (Status status = Flush(); !status.ok()) return status;
  while (true) {
    if (Status status = WaitForResult(/*likely=*/false); !status.ok()) return status;
    PostgresResult result(PQgetResult(connection_));
    if (result == nullptr) return failure;
    if (PQresultStatus(result.get()) != PGRES_FATAL_ERROR) continue;
    failure = FailureOf(result.get());
    if (connection_ == nullptr) return failure;
  }
}

int PostgresSession::server_version() const {
  return connection_ == nullptr ? 0 : PQserverVersion(connection_);
}

PostgresHost PostgresSession::host() const {
  if (connection_ == nullptr) return {};
  return {PQhost(connection_), PQhostaddr(connection_), PQport(connection_)};
}

}  // namespace pedia::storage
