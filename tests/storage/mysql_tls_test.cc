// TLS to MariaDB: what is verified, and what is refused.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "certs/key_pair.h"
#include "tests/storage/mysql_fixture.h"

namespace pedia::storage {
namespace {

using testing::FailsWith;
using ::testing::HasSubstr;
using testing::IsOk;

class MysqlTlsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ca_ = *certs::MakeCertificateAuthority("test-ca", 86'400);
    other_ca_ = *certs::MakeCertificateAuthority("other-ca", 86'400);
    const certs::KeyPair named =
        *certs::IssueCertificate(ca_, {"db", {}, {"localhost"}, {"127.0.0.1"}});
    const certs::KeyPair misnamed = *certs::IssueCertificate(ca_, {"db", {}, {"db.example"}, {}});
    testing::DatabaseServerSettings settings;
    settings.tls = {named.certificate_pem, named.key_pem, ca_.certificate_pem, true};
    server_ = new testing::MariadbServer(settings);
    settings.tls = {misnamed.certificate_pem, misnamed.key_pem, ca_.certificate_pem, true};
    misnamed_ = new testing::MariadbServer(settings);
  }
  static void TearDownTestSuite() {
    delete server_;
    delete misnamed_;
  }

  std::string File(const std::string& name, const std::string& content) {
    const std::filesystem::path path = folder_ / name;
    std::ofstream(path) << content;
    return path;
  }
  MysqlTlsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "pedia-tls-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~MysqlTlsTest() override { std::filesystem::remove_all(folder_); }

  // The cipher of a connection, "" if it has none.
  Result<std::string> Cipher(testing::MariadbServer& server, SslMode mode, const std::string& ca) {
    ServerOptions options = server.CreateDatabase();
    options.ssl_mode = mode;
    options.ssl_cert_file = cert_file_;
    options.ssl_key_file = key_file_;
    if (!user_.empty()) options.user = user_;
    if (!ca.empty()) options.ssl_root_cert_file = File("ca.pem", ca);
    const auto database = MakeMysqlDatabase(options);
    if (!database.ok()) return database.status();
    const auto connection = (*database)->Connect(Database::Role::kReader);
    if (!connection.ok()) return connection.status();
    SqlStatement status = (*connection)->Prepare("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
    if (!status.Step()) return status.status();
    return std::string(status.Text(1));
  }

  static certs::KeyPair ca_;
  static certs::KeyPair other_ca_;
  static testing::MariadbServer* server_;
  static testing::MariadbServer* misnamed_;
  std::filesystem::path folder_;
  std::string cert_file_;
  std::string key_file_;
  std::string user_;
};
certs::KeyPair MysqlTlsTest::ca_;
certs::KeyPair MysqlTlsTest::other_ca_;
testing::MariadbServer* MysqlTlsTest::server_;
testing::MariadbServer* MysqlTlsTest::misnamed_;

constexpr StatusReason kRefused = StatusReason::kInternalError;

TEST_F(MysqlTlsTest, EncryptsWithoutVerifyingUnlessAskedTo) {
  for (const SslMode mode : {SslMode::kAllow, SslMode::kPrefer, SslMode::kRequire}) {
    for (testing::MariadbServer* server : {server_, misnamed_}) {
      const Result<std::string> cipher = Cipher(*server, mode, other_ca_.certificate_pem);
      ASSERT_THAT(cipher, IsOk());
      EXPECT_NE(*cipher, "");
    }
  }
}

TEST_F(MysqlTlsTest, VerifiesTheChain) {
  for (testing::MariadbServer* server : {server_, misnamed_}) {
    EXPECT_THAT(Cipher(*server, SslMode::kVerifyCa, ca_.certificate_pem), IsOk());
    EXPECT_THAT(Cipher(*server, SslMode::kVerifyCa, other_ca_.certificate_pem),
                FailsWith(kRefused, HasSubstr("certificate")));
    EXPECT_THAT(Cipher(*server, SslMode::kVerifyCa, ""),
                FailsWith(kRefused, HasSubstr("certificate")));
  }
}

TEST_F(MysqlTlsTest, VerifiesTheName) {
  EXPECT_THAT(Cipher(*server_, SslMode::kVerifyFull, ca_.certificate_pem), IsOk());
  EXPECT_THAT(Cipher(*server_, SslMode::kVerifyFull, other_ca_.certificate_pem),
              FailsWith(kRefused, HasSubstr("certificate")));
  EXPECT_THAT(Cipher(*misnamed_, SslMode::kVerifyFull, ca_.certificate_pem),
              FailsWith(kRefused, HasSubstr("certificate")));
}

TEST_F(MysqlTlsTest, StreamsAndEndsStatementsOverTls) {
  ServerOptions options = server_->CreateDatabase();
  options.ssl_mode = SslMode::kVerifyFull;
  options.ssl_root_cert_file = File("ca.pem", ca_.certificate_pem);
  const auto database = *MakeMysqlDatabase(options);
  ASSERT_THAT(database->Migrate(), IsOk());
  const auto connection = ConnectWith(*MakeMysqlSettings(options));
  {
    SqlStatement rows = connection->Prepare(
        "SELECT seq,REPEAT('x',1000) FROM seq_1_to_20000 ORDER BY seq", RowCount::kUnbounded);
    for (int64_t n = 1; n <= 5'000; ++n) {
      ASSERT_TRUE(rows.Step());
      ASSERT_EQ(rows.Int(0), n);
      ASSERT_EQ(rows.Text(1).size(), 1'000U);
    }
  }
  connection->set_deadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(100));
  SqlStatement endless = connection->Prepare("SELECT SLEEP(600)");
  EXPECT_FALSE(endless.Step());
  EXPECT_THAT(endless.status(), FailsWith(StatusReason::kTimeout, HasSubstr("too long")));
  EXPECT_TRUE(connection->usable());
}

TEST_F(MysqlTlsTest, ComesBackFromAFrozenServerAtTheDeadline) {
  ServerOptions options = server_->CreateDatabase();
  options.ssl_mode = SslMode::kRequire;
  const auto connection = *(*MakeMysqlDatabase(options))->Connect(Database::Role::kReader);
  connection->set_deadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(100));
  server_->Freeze();
  SqlStatement frozen = connection->Prepare("SELECT 1");
  EXPECT_FALSE(frozen.Step());
  server_->Thaw();
  EXPECT_THAT(frozen.status(), FailsWith(StatusReason::kTimeout, HasSubstr("too long")));
  EXPECT_FALSE(connection->usable());
}

TEST_F(MysqlTlsTest, ShowsItsCertificate) {
  user_ = testing::kCertifiedUser;
  EXPECT_THAT(Cipher(*server_, SslMode::kRequire, ""), FailsWith(kRefused, HasSubstr("1045")));
  certs::CertificateRequest request;
  request.common_name = "client";
  request.usage = certs::Usage::kClient;
  const certs::KeyPair pair = *certs::IssueCertificate(ca_, request);
  cert_file_ = File("client.crt", pair.certificate_pem);
  key_file_ = File("client.key", pair.key_pem);
  EXPECT_THAT(Cipher(*server_, SslMode::kRequire, ""), IsOk());
}

TEST_F(MysqlTlsTest, NeverGoesOnWithoutTlsWhereItIsRequired) {
  testing::MariadbServer& plain = testing::SharedMariadb();
  for (const SslMode mode : {SslMode::kRequire, SslMode::kVerifyCa, SslMode::kVerifyFull})
    EXPECT_THAT(Cipher(plain, mode, ca_.certificate_pem), FailsWith(kRefused, HasSubstr("2026")));
  for (const SslMode mode : {SslMode::kDisable, SslMode::kAllow, SslMode::kPrefer}) {
    const Result<std::string> cipher = Cipher(plain, mode, "");
    ASSERT_THAT(cipher, IsOk());
    EXPECT_EQ(*cipher, "");
  }
}

}  // namespace
}  // namespace pedia::storage
