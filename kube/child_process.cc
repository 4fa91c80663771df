#include "kube/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <system_error>

extern char** environ;

namespace pedia::kube {
namespace {

using Clock = std::chrono::steady_clock;

// Owns a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { Reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  void Reset(int fd = -1) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }

 private:
  int fd_;
};

bool MakePipe(Descriptor* read_end, Descriptor* write_end) {
  std::array<int, 2> fds;
  if (pipe2(fds.data(), O_CLOEXEC) != 0) return false;
  read_end->Reset(fds[0]);
  write_end->Reset(fds[1]);
  return fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0;
}

std::vector<std::string> MergeEnvironment(
    const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> merged;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    const bool replaced = std::any_of(added.begin(), added.end(),
                                      [&](const auto& pair) { return pair.first == name; });
    if (!replaced) merged.emplace_back(text);
  }
  for (const auto& [name, value] : added) merged.push_back(name + "=" + value);
  return merged;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// A child of its own process group, standard input empty, default signals. An errno, or 0.
int Spawn(const ChildProcess& child, int out_fd, int err_fd, pid_t* pid) {
  std::vector<std::string> args = {child.command};
  args.insert(args.end(), child.args.begin(), child.args.end());
  std::vector<std::string> env = MergeEnvironment(child.env);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err_fd, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int error = posix_spawnp(pid, child.command.c_str(), &actions, &attributes,
                                 Pointers(args).data(), Pointers(env).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

// Reads what is there. False at its end.
bool Drain(int fd, const std::function<void(std::string_view)>& take) {
  std::array<char, 16384> buffer;
  while (true) {
    const ssize_t size = read(fd, buffer.data(), buffer.size());
    if (size > 0) {
      take(std::string_view(buffer.data(), static_cast<size_t>(size)));
    } else if (size == 0) {
      return false;
    } else if (errno != EINTR) {
      return errno == EAGAIN;
    }
  }
}

// Watches one child until it is reaped.
class Collector {
 public:
  Collector(const ChildProcess& child, pid_t pid, Descriptor& out, Descriptor& err)
      : child_(child), pid_(pid), out_(out), err_(err) {}

  Result<ChildOutput> Collect(const std::stop_token& stop) {
    const Descriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const std::stop_callback on_stop(stop, [&wake] {
      const uint64_t one = 1;
      [[maybe_unused]] const ssize_t size = write(wake.get(), &one, sizeof one);
    });
    const Clock::time_point deadline = Clock::now() + child_.timeout;
    while (true) {
      ReadSome();
      if (stop.stop_requested()) return Kill("it was stopped");
      if (too_much_)
        return Kill("it printed more than " + std::to_string(child_.max_output) + " bytes");
      if (Reap(WNOHANG)) {
        ReadSome();  // What it wrote just before it ended; children of its own may keep the pipe
                     // open for ever.
        return std::move(result_);
      }
      if (Clock::now() >= deadline) {
        return Kill("it did not end within " + std::to_string(child_.timeout.count() / 1000) +
                    " s");
      }
      Wait(wake.get());
    }
  }

 private:
  void ReadSome() {
    if (out_.get() >= 0 && !Drain(out_.get(), [this](std::string_view bytes) {
          if (result_.out.size() + bytes.size() > child_.max_output) {
            too_much_ = true;
          } else {
            result_.out.append(bytes);
          }
        })) {
      out_.Reset();
    }
    if (err_.get() >= 0 && !Drain(err_.get(), [this](std::string_view bytes) {
          result_.error_tail.append(bytes);
          if (result_.error_tail.size() > child_.max_error_tail) {
            result_.error_tail.erase(0, result_.error_tail.size() - child_.max_error_tail);
          }
        })) {
      err_.Reset();
    }
  }

  void Wait(int wake_fd) {
    std::array<pollfd, 3> fds = {pollfd{out_.get(), POLLIN, 0}, pollfd{err_.get(), POLLIN, 0},
                                 pollfd{wake_fd, POLLIN, 0}};
    const bool closed = out_.get() < 0 && err_.get() < 0;  // About to end: look again soon.
    poll(fds.data(), fds.size(), closed ? 2 : 50);
  }

  bool Reap(int flags) {
    int wait_status = 0;
    pid_t reaped;
    do {
      reaped = waitpid(pid_, &wait_status, flags);
    } while (reaped < 0 && errno == EINTR);
    if (reaped == 0) return false;
    result_.exit_code = reaped < 0                 ? 127
                        : WIFEXITED(wait_status)   ? WEXITSTATUS(wait_status)
                        : WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status)
                                                   : 127;
    return true;
  }

  Status Kill(const std::string& why) {
    kill(-pid_, SIGKILL);
    Reap(0);
    return ServiceUnavailable(why);
  }

  const ChildProcess& child_;
  const pid_t pid_;
  Descriptor& out_;
  Descriptor& err_;
  ChildOutput result_;
  bool too_much_ = false;
};

}  // namespace

Result<ChildOutput> RunChild(const ChildProcess& child, const std::stop_token& stop) {
  Descriptor out_read, out_write, err_read, err_write;
  if (!MakePipe(&out_read, &out_write) || !MakePipe(&err_read, &err_write)) {
    return ServiceUnavailable("no pipe: " + std::generic_category().message(errno));
  }
  pid_t pid = 0;
  const int error = Spawn(child, out_write.get(), err_write.get(), &pid);
  if (error == ENOENT) return ServiceUnavailable("it was not found");
  if (error != 0)
    return ServiceUnavailable("it cannot be started: " + std::generic_category().message(error));
  out_write.Reset();
  err_write.Reset();
  return Collector(child, pid, out_read, err_read).Collect(stop);
}

}  // namespace pedia::kube
