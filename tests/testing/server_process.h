// ServerProcess: a program that a test runs beside itself, with all that the program starts, as an
// unprivileged user, in a folder of its own. All of it ends with the test, however that ends.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pedia::testing {

// Who runs a program; nobody in particular unless the test runs as root.
struct UnprivilegedUser {
  bool change = false;
  uid_t uid = 0;
  gid_t gid = 0;

  // The first of `names` that exists; of no meaning unless the test runs as root. Throws
  // std::runtime_error if none does.
  static UnprivilegedUser Find(const std::vector<std::string>& names);
  void Own(const std::filesystem::path& path) const;  // Gives a file or folder to the user.
};

// A folder that `user` owns. It is removed with its owner and also when the test process dies, after
// the programs that run in it have been killed.
class ServerFolder {
 public:
  explicit ServerFolder(const UnprivilegedUser& user, const std::filesystem::path& parent =
                                                          std::filesystem::temp_directory_path());
  ~ServerFolder();
  ServerFolder(const ServerFolder&) = delete;
  ServerFolder& operator=(const ServerFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Writes a file that only the user may read.
  std::filesystem::path Write(const std::string& name, std::string_view content) const;

 private:
  UnprivilegedUser user_;
  std::filesystem::path path_;
  pid_t keeper_ = -1;
  int keeper_pipe_ = -1;  // Its end is how the keeper learns of the end of the test.
};

// The program in one of `folders` or in the PATH. Throws std::runtime_error naming `package` if there
// is none: tests that need it fail, they are not left out.
std::string FindProgram(const std::string& name, const std::vector<std::string>& folders,
                        const std::string& package);

// Runs a program to its end and returns what it wrote on standard output. Throws
// std::runtime_error with its standard error if it fails.
std::string RunProgram(const std::vector<std::string>& command, const UnprivilegedUser& user,
                       const std::string& input = "");

// A port of 127.0.0.1 that nobody listens on.
uint16_t FreePort();

// Waits until `condition`; throws std::runtime_error naming `what` after `limit`.
void WaitUntil(const std::function<bool()>& condition, const std::string& what,
               std::chrono::seconds limit = std::chrono::seconds(60));

// One thread. It must live as long as the process: the program is killed when the thread ends that
// started it.
class ServerProcess {
 public:
  ServerProcess() = default;
  ~ServerProcess() { Kill(); }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Output is added to the file `log`. Throws std::runtime_error.
  void Start(const std::vector<std::string>& command, const UnprivilegedUser& user,
             const std::filesystem::path& log);
  bool running();  // False as soon as it has ended.
  // Asks it to end by `signal` and waits; kills it if it does not within `limit`.
  void Stop(int signal, std::chrono::seconds limit = std::chrono::seconds(30));
  void Kill();  // SIGKILL to it and all its children; returns when they are gone.
  // Stops it and all its children, those in sessions of their own included; returns when no thread of
  // them runs. Throws std::runtime_error after a minute.
  void Freeze();
  void Thaw();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

}  // namespace pedia::testing
