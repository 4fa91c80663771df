#include "kube/event_loop.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "kube/event_loop_core.h"

namespace pedia::kube {
namespace {

constexpr int kMaxWaitMs = 60'000;
constexpr uint64_t kWakeTag = ~uint64_t{0};

int Checked(int fd, const char* what) {
  if (fd < 0)
    throw std::system_error(errno, std::generic_category(),
                            what);  // No descriptors left at startup: fatal.
  return fd;
}

uint64_t Tag(int fd, uint32_t generation) {
  return (uint64_t{generation} << 32) | static_cast<uint32_t>(fd);
}

// Signals belong to the main thread; SIGPIPE, which TLS writes to closed sockets raise, to nobody.
void BlockSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

EventLoop::EventLoop() : core_(std::make_shared<Core>()) {}
EventLoop::~EventLoop() { core_->Stop(); }
void EventLoop::Post(std::function<void()> task) { core_->Post(std::move(task)); }
TimerId EventLoop::PostAfter(std::chrono::milliseconds delay, std::function<void()> task) {
  return core_->PostAfter(delay, std::move(task));
}
void EventLoop::CancelTimer(TimerId id) { core_->CancelTimer(id); }
bool EventLoop::InLoopThread() const { return core_->InLoopThread(); }

EventLoop::Core::Core()
    : epoll_fd_(Checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wake_fd_(Checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeTag;
  Checked(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event), "epoll_ctl");
  thread_ = std::thread([this] { Run(); });
}

EventLoop::Core::~Core() {
  Stop();
  close(wake_fd_);
  close(epoll_fd_);
}

void EventLoop::Core::Stop() {
  {
    std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  Wake();
  if (thread_.joinable()) thread_.join();
}

void EventLoop::Core::Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t ignored =
      write(wake_fd_, &one, sizeof one);  // Full means it will wake anyway.
}

bool EventLoop::Core::Post(std::function<void()> task) {
  bool wake = false;
  {
    std::scoped_lock lock(mutex_);
    if (ended_) return false;
    wake = tasks_.empty();
    tasks_.push_back(std::move(task));
  }
  if (wake && !InLoopThread()) Wake();
  return true;
}

TimerId EventLoop::Core::PostAfter(std::chrono::milliseconds delay, std::function<void()> task) {
  const Clock::time_point due = Clock::now() + std::max(delay, std::chrono::milliseconds(0));
  TimerId id = 0;
  bool wake = false;
  {
    std::scoped_lock lock(mutex_);
    if (ended_) return 0;
    id = next_timer_++;
    timers_.emplace(id, Timer{due, std::move(task)});
    due_.emplace(due, id);
    wake = due_.begin()->second == id;
  }
  if (wake && !InLoopThread()) Wake();
  return id;
}

void EventLoop::Core::CancelTimer(TimerId id) {
  std::function<void()> task;  // Destroyed after the lock is gone: it may own what calls back.
  std::scoped_lock lock(mutex_);
  const auto found = timers_.find(id);
  if (found == timers_.end()) return;
  due_.erase({found->second.due, id});
  task = std::move(found->second.task);
  timers_.erase(found);
}

void EventLoop::Core::Run() {
  thread_id_ = std::this_thread::get_id();
  BlockSignals();
  while (true) {
    DispatchSockets(MillisecondsToWait());
    RunDueTimers();
    RunTasks();
    std::scoped_lock lock(mutex_);
    if (stopping_) break;
  }
  End();
  thread_id_ = std::thread::id();
}

int EventLoop::Core::MillisecondsToWait() {
  std::scoped_lock lock(mutex_);
  if (!tasks_.empty() || stopping_) return 0;
  if (due_.empty()) return kMaxWaitMs;
  const auto wait =
      std::chrono::ceil<std::chrono::milliseconds>(due_.begin()->first - Clock::now());
  return static_cast<int>(std::clamp<int64_t>(wait.count(), 0, kMaxWaitMs));
}

void EventLoop::Core::DispatchSockets(int timeout_ms) {
  std::array<epoll_event, 256> events;
  const int count =
      epoll_wait(epoll_fd_, events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.u64 == kWakeTag) {
      uint64_t ignored;
      [[maybe_unused]] const ssize_t size = read(wake_fd_, &ignored, sizeof ignored);
      continue;
    }
    const int fd = static_cast<int>(event.data.u64 & 0xffffffffU);
    const auto found = sockets_.find(fd);
    if (found == sockets_.end() || Tag(fd, found->second.generation) != event.data.u64) continue;
    const uint32_t bits = event.events;
    found->second.member->OnSocket(fd, (bits & EPOLLIN) != 0, (bits & EPOLLOUT) != 0,
                                   (bits & (EPOLLERR | EPOLLHUP)) != 0);
  }
}

void EventLoop::Core::RunDueTimers() {
  const Clock::time_point now = Clock::now();
  while (true) {
    std::function<void()> task;
    {
      std::scoped_lock lock(mutex_);
      if (due_.empty() || due_.begin()->first > now) return;
      const auto found = timers_.find(due_.begin()->second);
      task = std::move(found->second.task);
      timers_.erase(found);
      due_.erase(due_.begin());
    }
    task();
  }
}

bool EventLoop::Core::RunTasks() {
  std::vector<std::function<void()>> tasks;
  {
    std::scoped_lock lock(mutex_);
    tasks.swap(tasks_);
  }
  for (std::function<void()>& task : tasks) {
    task();
    task = nullptr;
  }
  return !tasks.empty();
}

void EventLoop::Core::End() {
  // What the ends of members have posted runs too; who posts for ever is cut off.
  for (int round = 0; round < 100; ++round) {
    EndMembers();
    if (!RunTasks()) break;
  }
  std::vector<std::function<void()>> tasks;
  std::unordered_map<TimerId, Timer> timers;
  std::scoped_lock lock(mutex_);
  ended_ = true;
  tasks.swap(tasks_);
  timers.swap(timers_);
  due_.clear();
}

void EventLoop::Core::EndMembers() {
  const auto members = std::exchange(members_, {});
  for (const auto& [key, weak] : members) {
    if (const auto member = weak.lock()) member->OnLoopEnd();
  }
}

void EventLoop::Core::Watch(int fd, bool read, bool write, LoopMember* member) {
  const auto [found, added] = sockets_.try_emplace(fd);
  if (added || found->second.member != member) found->second = {member, ++next_generation_};
  epoll_event event{};
  event.events = (read ? EPOLLIN : 0U) | (write ? EPOLLOUT : 0U);
  event.data.u64 = Tag(fd, found->second.generation);
  // The kernel forgets closed sockets by itself, so both directions of disagreement can occur.
  if (epoll_ctl(epoll_fd_, added ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) == 0) return;
  if (errno == ENOENT) epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event);
  if (errno == EEXIST) epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::Core::Unwatch(int fd) {
  if (sockets_.erase(fd) > 0) epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::Core::AddMember(const std::shared_ptr<LoopMember>& member) {
  members_[member.get()] = member;
}
void EventLoop::Core::RemoveMember(const LoopMember* member) { members_.erase(member); }

}  // namespace pedia::kube
