#include "tests/testing/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <stdexcept>
#include <thread>
#include <utility>

namespace pedia::testing {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void Throw(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

// When standard input ends, kills what runs in the folder $0 or below, and removes it.
constexpr const char* kKeeper = R"sh(
trap '' INT TERM HUP
read -r line
for round in 1 2 3 4 5 6 7 8 9 10; do
  for process in /proc/[0-9]*; do
    case "$(readlink "$process/cwd" 2>/dev/null)" in
      "$0"|"$0"/*) kill -KILL "${process#/proc/}" 2>/dev/null ;;
    esac
  done
  rm -rf -- "$0" 2>/dev/null && exit 0
  sleep 0.1
done
)sh";

struct Child {
  const char* file;
  char* const* arguments;
  const UnprivilegedUser& user;
  int input;  // File descriptors to become 0, 1, 2.
  int output;
  int errors;
  bool dies_with_parent;
};

// Runs in the child of a process with threads: nothing here may allocate or lock.
[[noreturn]] void Become(const Child& child) {
  dup2(child.input, 0);
  dup2(child.output, 1);
  dup2(child.errors, 2);
  close_range(3, ~0U, 0);
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  if (child.user.change && (setgroups(0, nullptr) != 0 || setgid(child.user.gid) != 0 ||
                            setuid(child.user.uid) != 0 || chdir("/") != 0)) {
    _exit(126);
  }
  // After the change of user, which would undo it.
  if (child.dies_with_parent) prctl(PR_SET_PDEATHSIG, SIGKILL);
  execv(child.file, child.arguments);
  _exit(127);
}

std::vector<char*> Arguments(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  return arguments;
}

struct Pipe {
  Pipe() {
    if (pipe2(ends, O_CLOEXEC) != 0) Throw("pipe2");
  }
  ~Pipe() {
    Close(0);
    Close(1);
  }
  void Close(int end) {
    if (ends[end] >= 0) close(ends[end]);
    ends[end] = -1;
  }
  int Release(int end) { return std::exchange(ends[end], -1); }
  int ends[2];
};

struct ProcessState {
  pid_t parent = 0;
  char state = 'Z';
};

// A /proc/.../stat; a zombie if there is none.
ProcessState StateIn(const fs::path& path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text, '\0');  // Fails without throwing if the process ends meanwhile.
  const size_t name_end = text.rfind(") ");
  ProcessState state;
  if (name_end == std::string::npos) return state;
  state.state = text[name_end + 2];
  std::from_chars(text.data() + name_end + 4, text.data() + text.size(), state.parent);
  return state;
}

ProcessState StateOf(pid_t pid) { return StateIn("/proc/" + std::to_string(pid) + "/stat"); }

// `root` and what descends from it, parents first.
std::vector<pid_t> Tree(pid_t root) {
  std::multimap<pid_t, pid_t> children;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || end != name.data() + name.size()) continue;
    children.emplace(StateOf(pid).parent, pid);
  }
  std::vector<pid_t> tree = {root};
  for (size_t i = 0; i < tree.size(); ++i) {
    const auto [first, last] = children.equal_range(tree[i]);
    for (auto child = first; child != last; ++child) tree.push_back(child->second);
  }
  return tree;
}

// Whether no thread of the process runs. A signal to stop takes effect when the kernel next runs a
// thread that sees it; on a busy machine the others go on for milliseconds.
bool IsStopped(pid_t pid) {
  std::error_code error;
  const std::string folder = "/proc/" + std::to_string(pid) + "/task";
  for (fs::directory_iterator task(folder, error), end; !error && task != end;
       task.increment(error)) {
    const char state = StateIn(task->path() / "stat").state;
    if (state != 'T' && state != 't' && state != 'Z' && state != 'X') return false;
  }
  return true;
}

// Feeds `input` and collects both outputs until they end.
void Converse(Pipe& in, const std::string& input, Pipe& out, Pipe& err, std::string results[2]) {
  size_t written = 0;
  std::signal(SIGPIPE, SIG_IGN);
  fcntl(in.ends[1], F_SETFL, O_NONBLOCK);
  int from[2] = {out.ends[0], err.ends[0]};
  while (from[0] >= 0 || from[1] >= 0) {
    if (written == input.size()) in.Close(1);
    pollfd files[3] = {{from[0], POLLIN, 0}, {from[1], POLLIN, 0}, {in.ends[1], POLLOUT, 0}};
    if (poll(files, 3, -1) < 0 && errno != EINTR) Throw("poll");
    for (int i = 0; i < 2; ++i) {
      char bytes[65536];
      if (files[i].revents == 0) continue;
      const ssize_t count = read(from[i], bytes, sizeof bytes);
      if (count > 0) results[i].append(bytes, static_cast<size_t>(count));
      if (count == 0) from[i] = -1;
    }
    if (files[2].revents != 0) {
      const ssize_t count = write(in.ends[1], input.data() + written, input.size() - written);
      written = count >= 0 ? written + static_cast<size_t>(count) : input.size();
    }
  }
}

}  // namespace

UnprivilegedUser UnprivilegedUser::Find(const std::vector<std::string>& names) {
  if (geteuid() != 0) return {};
  for (const std::string& name : names) {
    if (const passwd* entry = getpwnam(name.c_str())) return {true, entry->pw_uid, entry->pw_gid};
  }
  throw std::runtime_error("no unprivileged user to run a database as");
}

void UnprivilegedUser::Own(const fs::path& path) const {
  if (change && chown(path.c_str(), uid, gid) != 0) Throw("chown " + path.string());
}

ServerFolder::ServerFolder(const UnprivilegedUser& user, const fs::path& parent) : user_(user) {
  std::string name = (parent / "pedia-db-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) Throw("mkdtemp " + name);
  path_ = name;
  user_.Own(path_);
  Pipe pipe;
  const std::vector<std::string> command = {"/bin/sh", "-c", kKeeper, name};
  const std::vector<char*> arguments = Arguments(command);
  const UnprivilegedUser same;
  keeper_ = fork();
  if (keeper_ < 0) Throw("fork");
  if (keeper_ == 0) Become({"/bin/sh", arguments.data(), same, pipe.ends[0], 2, 2, false});
  keeper_pipe_ = pipe.Release(1);
}

ServerFolder::~ServerFolder() {
  close(keeper_pipe_);
  waitpid(keeper_, nullptr, 0);
}

fs::path ServerFolder::Write(const std::string& name, std::string_view content) const {
  const fs::path file = path_ / name;
  std::ofstream(file, std::ios::binary) << content;
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  user_.Own(file);
  return file;
}

std::string FindProgram(const std::string& name, const std::vector<std::string>& folders,
                        const std::string& package) {
  std::vector<std::string> all = folders;
  std::string path = getenv("PATH") == nullptr ? "/usr/bin:/bin" : getenv("PATH");
  for (size_t start = 0; start <= path.size();) {
    const size_t end = std::min(path.find(':', start), path.size());
    all.push_back(path.substr(start, end - start));
    start = end + 1;
  }
  for (const std::string& folder : all) {
    const std::string file = folder + "/" + name;
    if (access(file.c_str(), X_OK) == 0) return file;
  }
  throw std::runtime_error("this test needs the program " + name + " of the package " + package);
}

std::string RunProgram(const std::vector<std::string>& command, const UnprivilegedUser& user,
                       const std::string& input) {
  Pipe in, out, err;
  const std::vector<char*> arguments = Arguments(command);
  const pid_t pid = fork();
  if (pid < 0) Throw("fork");
  if (pid == 0)
    Become({arguments[0], arguments.data(), user, in.ends[0], out.ends[1], err.ends[1], true});
  in.Close(0);
  out.Close(1);
  err.Close(1);
  std::string results[2];
  Converse(in, input, out, err, results);
  int status = 0;
  waitpid(pid, &status, 0);
  if (status != 0) throw std::runtime_error(command[0] + " failed: " + results[1] + results[0]);
  return results[0];
}

uint16_t FreePort() {
  const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(file, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(file, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    Throw("bind");
  close(file);
  return ntohs(address.sin_port);
}

void WaitUntil(const std::function<bool()>& condition, const std::string& what,
               std::chrono::seconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end)
      throw std::runtime_error("waited too long for " + what);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void ServerProcess::Start(const std::vector<std::string>& command, const UnprivilegedUser& user,
                          const fs::path& log) {
  const std::vector<char*> arguments = Arguments(command);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (output < 0) Throw("open " + log.string());
  pid_ = fork();
  if (pid_ == 0) Become({arguments[0], arguments.data(), user, nothing, output, output, true});
  close(nothing);
  close(output);
  if (pid_ < 0) Throw("fork");
}

bool ServerProcess::running() {
  if (pid_ < 0) return false;
  if (waitpid(pid_, nullptr, WNOHANG) == 0) return true;
  pid_ = -1;
  return false;
}

void ServerProcess::Stop(int signal, std::chrono::seconds limit) {
  if (!running()) return;
  kill(pid_, signal);
  const auto end = std::chrono::steady_clock::now() + limit;
  while (running() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  Kill();
}

void ServerProcess::Freeze() {
  if (!running()) return;
  const auto frozen = [&] {
    bool all = true;
    for (const pid_t pid : Tree(pid_)) {
      if (IsStopped(pid)) continue;
      kill(pid, SIGSTOP);
      all = false;
    }
    return all;
  };
  WaitUntil(frozen, "all threads of " + std::to_string(pid_) + " to stop");
}

void ServerProcess::Thaw() {
  if (!running()) return;
  for (const pid_t pid : Tree(pid_)) kill(pid, SIGCONT);
}

void ServerProcess::Kill() {
  if (!running()) return;
  // Stopped first, so that it starts no child between the look and the kill.
  kill(pid_, SIGSTOP);
  const std::vector<pid_t> tree = Tree(pid_);
  for (const pid_t pid : tree) kill(pid, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
  for (size_t i = 1; i < tree.size(); ++i) {
    while (StateOf(tree[i]).state != 'Z') std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace pedia::testing
