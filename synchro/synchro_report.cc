#include "synchro/synchro_report.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "kube/event_loop.h"
#include "meta/time.h"
#include "synchro/cluster_synchro.h"
#include "synchro/reflector.h"

namespace pedia::synchro {

struct ReportRound::Answers {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<ClusterReport> reports;
  size_t missing = 0;
};

ReportRound::ReportRound() : answers_(std::make_shared<Answers>()) {}

void ReportRound::Ask(const std::string& cluster, int loop_number, kube::EventLoop& loop,
                      const std::shared_ptr<ClusterSynchro>& synchro) {
  size_t place = 0;
  {
    const std::scoped_lock lock(answers_->mutex);
    place = answers_->reports.size();
    ClusterReport report;
    report.cluster = cluster;
    report.loop = loop_number;
    answers_->reports.push_back(std::move(report));
    ++answers_->missing;
  }
  loop.Post([answers = answers_, place, weak = std::weak_ptr(synchro)] {
    ClusterReport report;
    if (const auto locked = weak.lock()) report = locked->Report();
    const std::scoped_lock lock(answers->mutex);
    ClusterReport& answer = answers->reports[place];
    if (!report.cluster.empty()) {
      report.loop = answer.loop;
      report.answered = true;
      answer = std::move(report);
    }
    if (--answers->missing == 0) answers->changed.notify_all();
  });
}

std::vector<ClusterReport> ReportRound::Wait(std::chrono::milliseconds timeout) {
  std::unique_lock lock(answers_->mutex);
  answers_->changed.wait_for(lock, timeout, [this] { return answers_->missing == 0; });
  return answers_->reports;
}

ClusterReport ClusterSynchro::Report() const {
  ClusterReport report;
  report.cluster = spec_.name;
  report.since = since_;
  report.server = state_.api_server;
  report.reading = running_;
  report.discovered = discovered_;
  report.discovering = discovering_;
  report.conditions = state_.conditions;
  for (const auto& [gvr, reflector] : reflectors_) report.resources.push_back(reflector->Report());
  return report;
}

ResourceProgress Reflector::progress() const {
  ResourceProgress progress = progress_;
  if (versions_ != nullptr) progress.stored = static_cast<int64_t>(versions_->size());
  return progress;
}

std::string_view Reflector::StateName() const {
  if (!running_) return "paused";
  if (retry_at_ != 0) return "backing off";
  if (versions_ == nullptr) return "loading";
  if (settling_) return "settling";
  if (!resource_version_.empty()) return "watching";
  return has_slot_ ? "listing" : "waiting for a list slot";
}

ResourceReport Reflector::Report() const {
  ResourceReport report;
  report.gvr = stored_;
  report.source = resource_.gvr;
  report.state = StateName();
  report.since = turned_;
  report.retry_at = retry_at_;
  report.why = sync_.message;
  report.objects = versions_ == nullptr ? 0 : static_cast<int64_t>(versions_->size());
  report.listed = progress_.listed;
  report.expected = progress_.expected;
  report.events = events_;
  report.last_event = last_event_;
  report.resource_version = resource_version_;
  report.relists = relists_;
  return report;
}

}  // namespace pedia::synchro
