#include "tests/member/faults.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <nlohmann/json.hpp>
#include <utility>

namespace pedia::member {
namespace {

using apiserver::HeaderFields;
using apiserver::ResponseWriter;

constexpr std::string_view kGarbageBytes =
    "{\"type\":\"ADDED\",\"object\":{\"kind\":]]}\x01\xff\n<html>not JSON</html>\n";
constexpr size_t kEndlessPieces = 16'384;  // Of 64 KB.

constexpr std::array<std::pair<std::string_view, FaultKind>, 13> kFaultNames = {
    {{"status", FaultKind::kStatus},
     {"expire", FaultKind::kExpire},
     {"drop", FaultKind::kDrop},
     {"stall", FaultKind::kStall},
     {"truncate", FaultKind::kTruncate},
     {"garbage", FaultKind::kGarbage},
     {"slow", FaultKind::kSlow},
     {"endless", FaultKind::kEndless},
     {"nameless", FaultKind::kNameless},
     {"stale", FaultKind::kStale},
     {"replay", FaultKind::kReplay},
     {"duplicate", FaultKind::kDuplicate},
     {"noBookmarks", FaultKind::kNoBookmarks}}};
constexpr std::array<std::pair<std::string_view, RequestKind>, 8> kRequestNames = {
    {{"any", RequestKind::kAny},
     {"list", RequestKind::kList},
     {"watch", RequestKind::kWatch},
     {"get", RequestKind::kGet},
     {"write", RequestKind::kWrite},
     {"discovery", RequestKind::kDiscovery},
     {"health", RequestKind::kHealth},
     {"openapi", RequestKind::kOpenApi}}};

template <typename Names, typename Kind>
Status FindKind(const Names& names, const std::string& name, Kind* kind) {
  for (const auto& [text, value] : names) {
    if (text != name) continue;
    *kind = value;
    return Status();
  }
  return BadRequest("unknown kind of fault or request '" + name + "'");
}

// Counts the body's bytes and does what the fault wants at `after_bytes`. Used like any
// ResponseWriter.
class FaultyResponse : public ResponseWriter {
 public:
  FaultyResponse(std::shared_ptr<ResponseWriter> inner, const Fault& fault, FaultPlan& plan)
      : inner_(std::move(inner)), fault_(fault), plan_(plan) {}

  void WriteHead(int status, const HeaderFields& headers,
                 std::optional<uint64_t> content_length) override {
    if (IsSlow() && !plan_.Sleep(fault_.delay)) return;
    if (ChangesLength()) content_length.reset();
    inner_->WriteHead(status, headers, content_length);
  }
  bool Write(std::string_view bytes) override {
    if (IsSlow()) return plan_.Sleep(fault_.delay) && inner_->Write(bytes);
    if (fault_.kind == FaultKind::kNameless) return inner_->Write(WithoutAName(bytes));
    const std::string_view passing = Passing(bytes);
    if (tripped_ || (!passing.empty() && !inner_->Write(passing))) return false;
    sent_ += passing.size();
    return passing.size() == bytes.size() || Trip();
  }
  bool TryWrite(std::string_view bytes, size_t limit) override {
    if (IsSlow()) return inner_->TryWrite(bytes, limit);
    if (fault_.kind == FaultKind::kNameless) return inner_->TryWrite(WithoutAName(bytes), limit);
    const std::string_view passing = Passing(bytes);
    if (tripped_ || (!passing.empty() && !inner_->TryWrite(passing, limit))) return false;
    sent_ += passing.size();
    return passing.size() == bytes.size() || Trip();
  }
  void Finish() override {
    if (!tripped_) inner_->Finish();
  }
  void Abort() override { inner_->Abort(); }
  bool ClientGone() const override { return tripped_ || inner_->ClientGone(); }
  void OnClientGone(std::function<void()> callback) override {
    inner_->OnClientGone(std::move(callback));
  }

 private:
  bool IsSlow() const { return fault_.kind == FaultKind::kSlow; }
  bool ChangesLength() const {
    return fault_.kind == FaultKind::kTruncate || fault_.kind == FaultKind::kGarbage ||
           fault_.kind == FaultKind::kEndless;
  }
  // Of the first object in `bytes`.
  static std::string WithoutAName(std::string_view bytes) {
    std::string text(bytes);
    if (const size_t at = text.find("\"metadata\":{\"name\":"); at != std::string::npos)
      text.replace(at, 19, "\"metadata\":{\"nome\"");
    return text;
  }
  void SendEndlessly() {
    const std::string piece(64 << 10, 'x');
    for (size_t i = 0; i < kEndlessPieces && inner_->Write(piece); ++i) continue;
    inner_->Finish();
  }
  std::string_view Passing(std::string_view bytes) const {
    return bytes.substr(0, fault_.after_bytes - std::min(fault_.after_bytes, sent_));
  }
  bool Trip() {
    tripped_ = true;
    if (fault_.kind == FaultKind::kDrop) inner_->Abort();
    if (fault_.kind == FaultKind::kStall) plan_.Hold(inner_);
    if (fault_.kind == FaultKind::kEndless) SendEndlessly();
    if (fault_.kind == FaultKind::kGarbage) inner_->TryWrite(kGarbageBytes, 1 << 20);
    if (fault_.kind == FaultKind::kGarbage || fault_.kind == FaultKind::kTruncate) inner_->Finish();
    return false;
  }

  const std::shared_ptr<ResponseWriter> inner_;
  const Fault fault_;
  FaultPlan& plan_;
  size_t sent_ = 0;
  std::atomic<bool> tripped_ = false;
};

}  // namespace

FaultPlan::FaultPlan(uint64_t seed) : random_(seed) {}
FaultPlan::~FaultPlan() { Clear(); }

uint64_t FaultPlan::Add(Fault fault) {
  std::scoped_lock lock(mutex_);
  faults_.emplace(next_id_, std::move(fault));
  return next_id_++;
}

void FaultPlan::Remove(uint64_t id) {
  std::scoped_lock lock(mutex_);
  faults_.erase(id);
}

void FaultPlan::Clear() {
  std::vector<std::shared_ptr<ResponseWriter>> held;
  {
    std::scoped_lock lock(mutex_);
    faults_.clear();
    held.swap(held_);
    ++clears_;
  }
  cleared_.notify_all();
  for (const auto& response : held) response->Abort();
}

int FaultPlan::Hits(uint64_t id) const {
  std::scoped_lock lock(mutex_);
  const auto it = hits_.find(id);
  return it == hits_.end() ? 0 : it->second;
}

std::map<uint64_t, int> FaultPlan::AllHits() const {
  std::scoped_lock lock(mutex_);
  return hits_;
}

std::optional<Fault> FaultPlan::Match(RequestKind request, std::string_view path,
                                      bool is_continue) {
  std::scoped_lock lock(mutex_);
  for (auto& [id, fault] : faults_) {
    if (fault.request != RequestKind::kAny && fault.request != request) continue;
    if (fault.count == 0 || !path.starts_with(fault.path_prefix) ||
        (fault.continue_only && !is_continue))
      continue;
    if (std::uniform_real_distribution<double>(0, 1)(random_) >= fault.probability) continue;
    if (fault.count > 0) --fault.count;
    ++hits_[id];
    return fault;
  }
  return std::nullopt;
}

void FaultPlan::Hold(std::shared_ptr<ResponseWriter> response) {
  std::scoped_lock lock(mutex_);
  std::erase_if(held_, [](const auto& held) { return held->ClientGone(); });
  held_.push_back(std::move(response));
}

bool FaultPlan::Sleep(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  const uint64_t clears = clears_;
  return !cleared_.wait_for(lock, time, [&] { return clears_ != clears; });
}

std::shared_ptr<ResponseWriter> MakeFaulty(std::shared_ptr<ResponseWriter> response,
                                           const Fault& fault, FaultPlan& plan) {
  return std::make_shared<FaultyResponse>(std::move(response), fault, plan);
}

Result<Fault> ParseFault(std::string_view text) {
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    Fault fault;
    Status status = FindKind(kFaultNames, json.at("fault").get<std::string>(), &fault.kind);
    if (status.ok()) status = FindKind(kRequestNames, json.value("request", "any"), &fault.request);
    if (!status.ok()) return status;
    fault.path_prefix = json.value("path", "");
    fault.continue_only = json.value("continueOnly", false);
    fault.code = json.value("code", 500);
    fault.retry_after_seconds = json.value("retryAfter", 0);
    fault.after_bytes = json.value("afterBytes", size_t{0});
    fault.delay = std::chrono::milliseconds(json.value("delayMs", 0));
    fault.back = json.value("back", uint64_t{0});
    fault.probability = json.value("probability", 1.0);
    fault.count = json.value("count", -1);
    return fault;
  } catch (const nlohmann::json::exception& e) {
    return BadRequest(std::string("not a fault: ") + e.what());
  }
}

}  // namespace pedia::member
