// How the configuration and DSNs become settings, what errors become, and rows put aside.
#include "storage/mysql_settings.h"

#include <gtest/gtest.h>

#include "storage/mysql_error.h"
#include "storage/mysql_row_spool.h"
#include "tests/testing/matchers.h"

namespace pedia::storage {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using testing::FailsWith;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;

Result<MysqlSettings> FromDsn(const std::string& dsn, const std::string& password = "") {
  ServerOptions options;
  options.dsn = dsn;
  options.password = password;
  return MakeMysqlSettings(options);
}

TEST(MysqlSettingsTest, ReadsEveryPartOfADsn) {
  const auto settings = FromDsn("bob:s3cret@tcp(db.example:3307)/pedia?timeout=1m30s&tls=true");
  ASSERT_THAT(settings, IsOk());
  EXPECT_EQ(settings->user, "bob");
  EXPECT_EQ(settings->password, "s3cret");
  EXPECT_EQ(settings->hosts.at(0).host, "db.example");
  EXPECT_EQ(settings->hosts.at(0).port, 3307);
  EXPECT_EQ(settings->database, "pedia");
  EXPECT_EQ(settings->connect_timeout, milliseconds(90'000));
  EXPECT_EQ(settings->ssl_mode, SslMode::kVerifyFull);
}

TEST(MysqlSettingsTest, FindsAddressesAsGoDoes) {
  const struct {
    const char* dsn;
    const char* host;
    uint16_t port;
  } cases[] = {
      {"/pedia", "127.0.0.1", 3306},
      {"bob@/pedia", "127.0.0.1", 3306},
      {"bob@tcp/pedia", "127.0.0.1", 3306},
      {"bob@tcp(db)/pedia", "db", 3306},
      {"bob@tcp(:3307)/pedia", "127.0.0.1", 3307},
      {"bob@tcp([::1]:3307)/pedia", "::1", 3307},
      {"bob@tcp([::1])/pedia", "::1", 3306},
      {"bob@unix(/run/mysqld/mysqld.sock)/pedia", "/run/mysqld/mysqld.sock", 0},
  };
  for (const auto& c : cases) {
    const auto settings = FromDsn(c.dsn);
    ASSERT_THAT(settings, IsOk()) << c.dsn;
    EXPECT_EQ(settings->hosts.at(0).host, c.host) << c.dsn;
    EXPECT_EQ(settings->hosts.at(0).port, c.port) << c.dsn;
  }
}

TEST(MysqlSettingsTest, KeepsPasswordsAsTheyAre) {
  const auto settings = FromDsn("bob:p@ss:w/rd(%41)@tcp(db:1)/pedia");
  ASSERT_THAT(settings, IsOk());
  EXPECT_EQ(settings->user, "bob");
  EXPECT_EQ(settings->password, "p@ss:w/rd(%41)");
  EXPECT_EQ(settings->hosts.at(0).host, "db");
}

TEST(MysqlSettingsTest, TakesThePasswordOfTheOptionsIfTheDsnHasNone) {
  EXPECT_EQ(FromDsn("bob@tcp(db)/pedia", "other")->password, "other");
  EXPECT_EQ(FromDsn("bob:own@tcp(db)/pedia", "other")->password, "own");
}

TEST(MysqlSettingsTest, RefusesWhatIsNoDsnWithoutQuotingIt) {
  for (const char* dsn :
       {"bob:s3cret@tcp(db)", "bob:s3cret@tcp(db/pedia", "bob:s3cret@pipe(db)/pedia",
        "bob:s3cret@tcp(db:x)/pedia", "bob:s3cret@tcp(db:70000)/pedia", "bob:s3cret@tcp([::1/pedia",
        "bob:s3cret@tcp(db)/", "bob:s3cret@tcp(db)/%zz", "bob:s3cret@tcp(db)/pedia?timeout=soon",
        "bob:s3cret@tcp(db)/pedia?tls=custom", "bob:s3cret@tcp(db)/pedia?maxAllowedPacket=-1"}) {
    EXPECT_THAT(FromDsn(dsn), FailsWith(StatusReason::kBadRequest,
                                        AllOf(HasSubstr("mysql"), Not(HasSubstr("s3cret")))))
        << dsn;
  }
}

TEST(MysqlSettingsTest, KnowsTlsModesOfDsns) {
  EXPECT_EQ(FromDsn("/pedia?tls=false")->ssl_mode, SslMode::kDisable);
  EXPECT_EQ(FromDsn("/pedia?tls=skip-verify")->ssl_mode, SslMode::kRequire);
  EXPECT_EQ(FromDsn("/pedia?tls=preferred")->ssl_mode, SslMode::kPrefer);
}

TEST(MysqlSettingsTest, TakesHostsWithoutPortAtTheUsualOne) {
  ServerOptions options;
  options.hosts = {{"a", 0}, {"b", 3307}, {"/run/socket", 0}};
  options.database = "pedia";
  options.user = "bob";
  options.password = "s3cret";
  const auto settings = MakeMysqlSettings(options);
  ASSERT_THAT(settings, IsOk());
  EXPECT_EQ(settings->Name(), "mysql://a:3306,b:3307,/run/socket/pedia");
}

TEST(MysqlSettingsTest, RefusesContradictions) {
  ServerOptions options;
  EXPECT_THAT(MakeMysqlSettings(options),
              FailsWith(StatusReason::kBadRequest, HasSubstr("database name is required")));
  options.database = "pedia";
  options.ssl_key_file = "key.pem";
  EXPECT_THAT(MakeMysqlSettings(options),
              FailsWith(StatusReason::kBadRequest, HasSubstr("sslCertFile")));
  options.ssl_key_file = "";
  options.recoverable_errors = {"12ab"};
  EXPECT_THAT(MakeMysqlSettings(options), FailsWith(StatusReason::kBadRequest, HasSubstr("12ab")));
}

TEST(MysqlErrorTest, SaysWhatALaterTryMayNotMeet) {
  for (const unsigned code : {1053U, 1205U, 1213U, 1290U, 1836U, 1040U, 1021U, 1114U, 2002U, 2003U,
                              2006U, 2013U, 1158U, 1160U})
    EXPECT_EQ(StatusOf({code, "HY000", ""}, {}).reason(), StatusReason::kServiceUnavailable)
        << code;
  for (const unsigned code : {1317U, 3024U, 1969U})
    EXPECT_EQ(StatusOf({code, "70100", ""}, {}).reason(), StatusReason::kTimeout) << code;
  for (const unsigned code : {1045U, 1049U, 1054U, 1062U, 1064U, 1146U, 1406U, 2014U})
    EXPECT_EQ(StatusOf({code, "HY000", ""}, {}).reason(), StatusReason::kInternalError) << code;
  EXPECT_EQ(StatusOf({1146, "42S02", ""}, {1146}).reason(), StatusReason::kServiceUnavailable);
}

TEST(MysqlErrorTest, TellsCertificatesFromTheNetwork) {
  EXPECT_EQ(StatusOf({2026, "HY000", "TLS/SSL error: certificate verify failed"}, {}).reason(),
            StatusReason::kInternalError);
  EXPECT_EQ(StatusOf({2026, "HY000", "TLS/SSL error: unexpected eof"}, {}).reason(),
            StatusReason::kServiceUnavailable);
}

TEST(MysqlErrorTest, LogsNoValues) {
  EXPECT_EQ(Describe({1062, "23000", "Duplicate entry 'secret' for key 'PRIMARY'"}),
            "error 1062 (23000): Duplicate entry '...'");
  EXPECT_THAT(Describe({1366, "HY000", "Incorrect string value: 'secret' for column"}),
              Not(HasSubstr("secret")));
  EXPECT_THAT(Describe({1146, "42S02", "Table 'pedia.meta' doesn't exist"}),
              HasSubstr("pedia.meta"));
}

TEST(RowSpoolTest, GivesRowsBackFromMemoryAndFile) {
  for (const size_t memory : {size_t{1} << 20, size_t{100}, size_t{1}}) {
    RowSpool spool(memory);
    const auto text = [](int i) { return std::string(static_cast<size_t>(i * 37 % 1'000), 'a'); };
    for (int i = 0; i < 2'000; ++i) {
      spool.Append(text(i));
      spool.Append(std::nullopt);
      spool.Append("");
      ASSERT_THAT(spool.EndRow(), IsOk());
    }
    std::vector<std::optional<std::string_view>> row;
    for (int i = 0; i < 2'000; ++i) {
      const Result<bool> more = spool.Next(3, &row);
      ASSERT_THAT(more, IsOk());
      ASSERT_TRUE(*more);
      ASSERT_EQ(row.size(), 3U);
      ASSERT_EQ(row[0], text(i));
      ASSERT_EQ(row[1], std::nullopt);
      ASSERT_EQ(row[2], "");
    }
    const Result<bool> more = spool.Next(3, &row);
    ASSERT_THAT(more, IsOk());
    EXPECT_FALSE(*more);
  }
}

TEST(RowSpoolTest, HoldsRowsLargerThanWhatIsReadAtOnce) {
  RowSpool spool(10);
  const std::string large(3'000'000, 'x');
  for (int i = 0; i < 3; ++i) {
    spool.Append(large);
    ASSERT_THAT(spool.EndRow(), IsOk());
  }
  std::vector<std::optional<std::string_view>> row;
  for (int i = 0; i < 3; ++i) {
    ASSERT_THAT(spool.Next(1, &row), IsOk());
    EXPECT_EQ(row.at(0), large);
  }
}

}  // namespace
}  // namespace pedia::storage
