#include "storage/postgres_options.h"

#include <gtest/gtest.h>

#include "tests/testing/matchers.h"

namespace pedia::storage {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

ServerOptions Options() {
  ServerOptions options;
  options.hosts = {{"db-0", 5433}, {"/run/postgresql", 0}};
  options.user = "pedia";
  options.password = "s3cr#t p'w\"d";
  options.database = "store";
  return options;
}

std::vector<std::string> HostsOf(const PostgresOptions& options) {
  std::vector<std::string> hosts;
  for (const PostgresHost& host : options.hosts)
    hosts.push_back(host.host + '|' + host.address + '|' + host.port);
  return hosts;
}

TEST(PostgresOptionsTest, TakesWhatTheConfigurationSays) {
  const Result<PostgresOptions> parsed = ParsePostgresOptions(Options());
  ASSERT_THAT(parsed, IsOk());
  EXPECT_THAT(
      parsed->keywords,
      AllOf(Contains(Pair("user", "pedia")), Contains(Pair("dbname", "store")),
            Contains(Pair("password", "s3cr#t p'w\"d")), Contains(Pair("sslmode", "prefer")),
            Contains(Pair("application_name", "pedia")), Not(Contains(Key("host"))),
            Not(Contains(Key("port")))));
  EXPECT_EQ(HostsOf(*parsed), (std::vector<std::string>{"db-0||5433", "/run/postgresql||"}));
  EXPECT_EQ(parsed->name, "store on db-0:5433,/run/postgresql");
}

TEST(PostgresOptionsTest, TakesADsnAsUrlOrAsKeywords) {
  for (const char* dsn :
       {"postgres://me:geheim@a:1,b:2/store?sslmode=require&target_session_attrs=any",
        "host=a,b port=1,2 user=me password=geheim dbname=store sslmode=require"}) {
    ServerOptions options;
    options.dsn = dsn;
    options.password = "of the environment";
    const Result<PostgresOptions> parsed = ParsePostgresOptions(options);
    ASSERT_THAT(parsed, IsOk());
    EXPECT_EQ(HostsOf(*parsed), (std::vector<std::string>{"a||1", "b||2"}));
    EXPECT_THAT(parsed->keywords,
                AllOf(Contains(Pair("user", "me")), Contains(Pair("password", "geheim")),
                      Contains(Pair("dbname", "store")), Contains(Pair("sslmode", "require")),
                      Not(Contains(Key("target_session_attrs")))));
    EXPECT_EQ(parsed->name, "store on a:1,b:2");
  }
}

TEST(PostgresOptionsTest, ADsnWithoutAPasswordTakesTheOneBesideIt) {
  ServerOptions options;
  options.dsn = "postgresql://me@a/store";
  options.password = "of the environment";
  const Result<PostgresOptions> parsed = ParsePostgresOptions(options);
  ASSERT_THAT(parsed, IsOk());
  EXPECT_THAT(parsed->keywords, Contains(Pair("password", "of the environment")));
}

TEST(PostgresOptionsTest, OnePortServesAllHostsOfADsn) {
  ServerOptions options;
  options.dsn = "host=a,b,c port=7 hostaddr=::1,::2,::3";
  EXPECT_EQ(HostsOf(*ParsePostgresOptions(options)),
            (std::vector<std::string>{"a|::1|7", "b|::2|7", "c|::3|7"}));
  options.dsn = "host=a,b,c port=7,8";
  EXPECT_THAT(ParsePostgresOptions(options),
              FailsWith(StatusReason::kBadRequest, HasSubstr("ports")));
  options.dsn = "hostaddr=::1";
  EXPECT_EQ(HostsOf(*ParsePostgresOptions(options)), (std::vector<std::string>{"|::1|"}));
}

TEST(PostgresOptionsTest, ADsnThatCannotBeReadIsNotQuoted) {
  ServerOptions options;
  options.dsn = "password=geheim wrong";
  EXPECT_THAT(
      ParsePostgresOptions(options),
      FailsWith(StatusReason::kBadRequest, AllOf(HasSubstr("dsn"), Not(HasSubstr("geheim")))));
}

TEST(PostgresOptionsTest, TheKeyIsTheKey) {
  ServerOptions options = Options();
  options.ssl_mode = SslMode::kVerifyFull;
  options.ssl_cert_file = "/c.crt";
  options.ssl_key_file = "/c.key";
  options.ssl_root_cert_file = "/ca.crt";
  EXPECT_THAT(ParsePostgresOptions(options)->keywords,
              AllOf(Contains(Pair("sslmode", "verify-full")), Contains(Pair("sslcert", "/c.crt")),
                    Contains(Pair("sslkey", "/c.key")), Contains(Pair("sslrootcert", "/ca.crt"))));
  options.ssl_key_file = "";
  EXPECT_THAT(ParsePostgresOptions(options),
              FailsWith(StatusReason::kBadRequest, HasSubstr("sslKeyFile")));
}

TEST(PostgresOptionsTest, ParametersThatLibpqDoesNotKnowAreTheServers) {
  ServerOptions options = Options();
  options.params = {{"application_name", "mine"}, {"search_path", "a b\\c"}, {"work_mem", "8MB"}};
  EXPECT_THAT(ParsePostgresOptions(options)->keywords,
              AllOf(Contains(Pair("application_name", "mine")),
                    Contains(Pair("options", "-c search_path=a\\ b\\\\c -c work_mem=8MB"))));
}

TEST(PostgresOptionsTest, ADatabaseIsNeeded) {
  ServerOptions options = Options();
  options.database = "";
  EXPECT_THAT(ParsePostgresOptions(options),
              FailsWith(StatusReason::kBadRequest, HasSubstr("database name is required")));
}

TEST(PostgresOptionsTest, WritesValuesSoThatTheyAreReadAgain) {
  const Result<PostgresOptions> parsed = ParsePostgresOptions(Options());
  ServerOptions again;
  again.dsn = PostgresConnectionText(*parsed, parsed->hosts[0]);
  const Result<PostgresOptions> read = ParsePostgresOptions(again);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->keywords, parsed->keywords);
  EXPECT_EQ(HostsOf(*read), (std::vector<std::string>{"db-0||5433"}));
}

}  // namespace
}  // namespace pedia::storage
