// Fails when a file includes a folder that its own folder may not see (ARCHITECTURE.md, "Layers").
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <string_view>

namespace {

const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"meta", {}},
    {"certs", {"meta"}},
    {"query", {"meta"}},
    {"storage", {"meta", "query"}},
    {"kube", {"meta", "certs"}},
    {"convert", {"meta"}},
    {"discovery", {"meta", "convert", "kube"}},
    {"synchro", {"meta", "convert", "kube", "storage", "discovery"}},
    {"apiserver", {"meta", "convert", "certs", "query", "storage", "kube", "discovery"}},
    {"policy", {"meta", "kube", "discovery"}},
    {"cmd",
     {"meta", "convert", "certs", "query", "storage", "kube", "discovery", "synchro", "apiserver",
      "policy"}},
};

// A header named after the library it wraps is private to its folder.
bool IsPrivateHeader(std::string_view name) {
  for (const char* library :
       {"sqlite_", "postgres_", "mysql_", "beast_", "pistache_", "curl_", "nlohmann_"}) {
    if (name.starts_with(library)) return true;
  }
  return false;
}

TEST(LayeringTest, EveryIncludePointsDown) {
  const std::regex include(R"re(^\s*#include "([a-z]+)/([^"]*))re");
  int includes = 0;
  for (const auto& [folder, allowed] : kMayInclude) {
    const auto root = std::filesystem::path(PEDIA_SOURCE_ROOT) / folder;
    ASSERT_TRUE(std::filesystem::is_directory(root)) << root;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) {
        std::smatch match;
        if (!std::regex_search(line, match, include)) continue;
        ++includes;
        if (match[1] == folder) continue;
        EXPECT_FALSE(IsPrivateHeader(match[2].str()) && !match[2].str().ends_with("_database.h"))
            << entry.path() << " may not have: " << line;
        EXPECT_TRUE(allowed.contains(match[1])) << entry.path() << " may not have: " << line;
      }
    }
  }
  EXPECT_GT(includes, 20) << "no includes found: does the test look at the sources?";
}

// Third-party headers belong to the .cc files of the folder that owns them.
TEST(LayeringTest, PublicHeadersKeepThirdPartiesToThemselves) {
  const std::regex third_party(
      R"re(^\s*#include <(boost/|pistache/|sqlite3|curl/|openssl/|lz4|yaml-cpp|nlohmann|rapidjson|isa-l|CLI/|spdlog/|pqxx|libpq|mysql))re");
  for (const auto& [folder, allowed] : kMayInclude) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             std::filesystem::path(PEDIA_SOURCE_ROOT) / folder)) {
      const std::string name = entry.path().filename().string();
      if (entry.path().extension() != ".h" || IsPrivateHeader(name)) continue;
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) {
        EXPECT_FALSE(std::regex_search(line, third_party)) << entry.path() << ": " << line;
      }
    }
  }
}

}  // namespace
