// The audit log as a file: queue, rotation, failures.
#include "apiserver/audit_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "apiserver/rotating_file.h"
#include "tests/testing/matchers.h"

namespace pedia::apiserver {
namespace {

namespace fs = std::filesystem;
using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

bool Eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

class AuditLogTest : public ::testing::Test {
 protected:
  AuditLogTest() {
    std::string name = (fs::temp_directory_path() / "audit-XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~AuditLogTest() override { fs::remove_all(directory_); }

  std::string path() const { return (directory_ / "audit.log").string(); }
  static std::string Read(const fs::path& file) {
    std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  std::vector<fs::path> Backups() const {
    std::set<fs::path> found;
    for (const auto& entry : fs::directory_iterator(directory_)) {
      if (entry.path().filename() != "audit.log") found.insert(entry.path());
    }
    return {found.begin(), found.end()};
  }
  std::string All() const {
    std::string text;
    for (const fs::path& file : Backups()) text += Read(file);
    return text + Read(path());
  }
  static RequestReport Report(const std::string& id) {
    RequestReport report;
    report.id = id;
    report.uri = "/";
    return report;
  }
  static double Sample(const AuditLog& log, const std::string& name) {
    for (const MetricSample& sample : log.Samples()) {
      if (sample.name == name) return sample.value;
    }
    return -1;
  }

  fs::path directory_;
};

TEST_F(AuditLogTest, HasALineForEveryEventOfManyThreads) {
  auto log = AuditLog::Open({.path = path()});
  ASSERT_THAT(log, IsOk());
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i)
        (*log)->Write(Report(std::to_string(t) + "-" + std::to_string(i)));
    });
  }
  threads.clear();
  log->reset();
  std::istringstream lines(Read(path()));
  std::set<std::string> seen;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(line.starts_with(R"({"kind":"Event")") && line.ends_with("}}")) << line;
    seen.insert(line.substr(line.find("auditID"), 20));
  }
  EXPECT_EQ(seen.size(), 2000);
}

TEST_F(AuditLogTest, AppendsToWhatIsThereAndShowsItToNobodyElse) {
  for (const char* id : {"first", "second"}) {
    auto log = AuditLog::Open({.path = path()});
    ASSERT_THAT(log, IsOk());
    (*log)->Write(Report(id));
  }
  const std::string text = Read(path());
  EXPECT_LT(text.find("first"), text.find("second"));
  struct stat info {};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
}

TEST_F(AuditLogTest, SaysWhyItCannotBeOpened) {
  EXPECT_THAT(AuditLog::Open({.path = (directory_ / "no" / "audit.log").string()}),
              FailsWith(StatusReason::kInternalError, HasSubstr("no/audit.log: No such file")));
}

TEST_F(AuditLogTest, RequestsWaitForASlowWriterAndLoseNothing) {
  const std::string pipe = (directory_ / "pipe").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  auto file = RotatingFile::Open({.path = pipe});
  ASSERT_THAT(file, IsOk());
  AuditLog log(*std::move(file), 10'000, std::chrono::seconds(60));
  std::jthread writer([&] {
    for (int i = 0; i < 1'000; ++i) log.Write(Report("x"));
  });
  EXPECT_TRUE(Eventually([&] { return Sample(log, "pedia_audit_waits_total") > 0; }));
  std::string received;
  char buffer[4096];
  EXPECT_TRUE(Eventually([&] {
    const ssize_t got = read(reader, buffer, sizeof buffer);
    if (got > 0) received.append(buffer, static_cast<size_t>(got));
    return std::count(received.begin(), received.end(), '\n') == 1'000;
  }));
  writer.join();
  EXPECT_EQ(Sample(log, "apiserver_audit_error_total"), 0);
  close(reader);
}

TEST_F(AuditLogTest, AStuckWriterHoldsRequestsUpOnceAndIsCounted) {
  const std::string pipe = (directory_ / "pipe").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  const int filler = open(pipe.c_str(), O_WRONLY | O_NONBLOCK);
  ASSERT_GE(filler, 0);
  while (write(filler, "....", 4) > 0) continue;  // Full from the start.
  close(filler);
  auto file = RotatingFile::Open({.path = pipe});
  ASSERT_THAT(file, IsOk());
  AuditLog log(*std::move(file), 1'000, std::chrono::milliseconds(50));
  for (int i = 0; i < 1'000; ++i) log.Write(Report("x"));
  const double lost = Sample(log, "apiserver_audit_error_total");
  EXPECT_GT(lost, 0);
  EXPECT_LE(Sample(log, "pedia_audit_waits_total"), 3);  // The first may find room.
  char buffer[4096];
  int lines = 0;
  EXPECT_TRUE(Eventually([&] {
    const ssize_t got = read(reader, buffer, sizeof buffer);
    if (got > 0) lines += static_cast<int>(std::count(buffer, buffer + got, '\n'));
    return lines + static_cast<int>(lost) == 1'000;
  }));
  log.Write(Report("y"));
  EXPECT_TRUE(Eventually([&] { return Sample(log, "apiserver_audit_event_total") == lines + 1; }));
  close(reader);
}

TEST_F(AuditLogTest, CountsWhatAFullDiskLoses) {
  ASSERT_TRUE(fs::exists("/dev/full"));
  auto log = AuditLog::Open({.path = "/dev/full"});
  ASSERT_THAT(log, IsOk());
  (*log)->Write(Report("x"));
  EXPECT_TRUE(Eventually([&] { return Sample(**log, "apiserver_audit_error_total") == 1; }));
}

TEST_F(AuditLogTest, AFileIsRenamedBeforeItGetsTooLong) {
  auto file = RotatingFile::Open({.path = path(), .max_bytes = 10});
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(file->Write("aaaa\nbbbb\n"), 10u);
  EXPECT_EQ(Backups().size(), 0);
  EXPECT_EQ(file->Write("cccc\ndddd\neeee\n"), 15u);
  EXPECT_EQ(file->Write("a line that is longer than a file\nf\n"), 36u);
  EXPECT_EQ(Read(path()), "f\n");
  std::vector<std::string> texts;
  for (const fs::path& backup : Backups()) texts.push_back(Read(backup));
  EXPECT_THAT(texts, ElementsAre("aaaa\nbbbb\n", "cccc\ndddd\n", "eeee\n",
                                 "a line that is longer than a file\n"));
}

TEST_F(AuditLogTest, AFileThatIsLongAlreadyIsRenamedFirst) {
  std::ofstream(path()) << "0123456789\n";
  auto file = RotatingFile::Open({.path = path(), .max_bytes = 10});
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(file->Write("a\n"), 2u);
  EXPECT_EQ(Read(path()), "a\n");
  ASSERT_EQ(Backups().size(), 1);
  EXPECT_EQ(Read(Backups()[0]), "0123456789\n");
}

TEST_F(AuditLogTest, KeepsTheNewestBackupsAndOtherPeoplesFiles) {
  for (const char* name :
       {"audit-2020-01-01T00-00-00.000.log", "audit-2021-01-01T00-00-00.000.log", "audit-2020.log",
        "audit-2020-01-01T00-00-00.000.txt", "other-2020-01-01T00-00-00.000.log",
        "audit-2020-01-01Txx-00-00.000.log"})
    std::ofstream(directory_ / name) << name;
  auto file = RotatingFile::Open({.path = path(), .max_bytes = 2, .max_backups = 2});
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(file->Write("a\nb\n"), 4u);
  EXPECT_FALSE(fs::exists(directory_ / "audit-2020-01-01T00-00-00.000.log"));
  EXPECT_TRUE(fs::exists(directory_ / "audit-2021-01-01T00-00-00.000.log"));
  EXPECT_EQ(Backups().size(), 6);  // Two of ours, four of others.
}

TEST_F(AuditLogTest, RemovesBackupsThatAreTooOld) {
  std::ofstream(directory_ / "audit-2020-01-01T00-00-00.000.log") << "old";
  std::ofstream(directory_ / "audit-2999-01-01T00-00-00.000.log") << "new";
  ASSERT_THAT(RotatingFile::Open({.path = path(), .max_age = std::chrono::hours(24)}), IsOk());
  EXPECT_THAT(Backups(), ElementsAre(directory_ / "audit-2999-01-01T00-00-00.000.log"));
}

}  // namespace
}  // namespace pedia::apiserver
