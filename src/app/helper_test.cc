#include "app/helper.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "net/asio/socket.h"

namespace posta::app {
namespace {

using guard::Kind;
using namespace std::chrono_literals;

// A helper that answers on a thread until its channel is closed.
class Helped : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "posta-helper-" + std::to_string(getpid());
    std::filesystem::create_directories(folder_);
    config_.directory = folder_;
    config_.smtp_listen = {*net::Endpoint::parse("127.0.0.1:0")};
    config_.pop3_listen = {*net::Endpoint::parse("192.0.2.1:110")};
    config_.tls_certificate = {"cert.pem"};
    config_.tls_key = {"key.pem"};
    auto ends = guard::packet_pair();
    ASSERT_TRUE(ends);
    here_ = guard::Channel(std::move(ends->first));
    there_ = guard::Channel(std::move(ends->second));
    thread_ = std::thread([this] {
      Helper helper(config_, there_);
      while (helper.answer_one(1h)) {
      }
    });
  }
  void TearDown() override {
    here_ = guard::Channel();
    thread_.join();
    std::filesystem::remove_all(folder_);
  }
  void write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ + "/" + name) << text;
  }

  std::string folder_;
  Config config_;
  guard::Channel here_, there_;
  std::thread thread_;
};

TEST_F(Helped, OpensTheConfiguredListenersAndNoOthers) {
  HelperClient client(here_);
  EXPECT_TRUE(client.ping());
  auto first = client.bind(0), second = client.bind(0);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(net::asio::local_endpoint(first->get()), net::asio::local_endpoint(second->get()))
      << "the second shares the port of the first";
  EXPECT_TRUE(client.bind(1).error().is(Error::Kind::not_found)) << "not an address of ours";
  EXPECT_TRUE(client.bind(2).error().is(Error::Kind::not_found));
  EXPECT_TRUE(client.bind(0xffffffff).error().is(Error::Kind::not_found));
}

TEST_F(Helped, ReadsTheConfiguredFilesAsTheyAreNow) {
  HelperClient client(here_);
  write("cert.pem", "a chain");
  write("other.pem", "not configured");
  auto files = client.read_files();
  ASSERT_TRUE(files);
  EXPECT_EQ(files->files, (std::map<std::string, std::string>{{folder_ + "/cert.pem", "a chain"}}))
      << "what is missing is left out";
  write("cert.pem", "a new chain");
  write("key.pem", "a key");
  files = client.read_files();
  ASSERT_TRUE(files);
  EXPECT_EQ(files->files[folder_ + "/cert.pem"], "a new chain");
  EXPECT_EQ(files->files[folder_ + "/key.pem"], "a key");
}

TEST_F(Helped, AFileOverTheLimitIsLeftOut) {
  write("cert.pem", std::string(kHandedFileOctetsMax + 1, 'x'));
  auto files = HelperClient(here_).read_files();
  ASSERT_TRUE(files);
  EXPECT_TRUE(files->files.empty());
}

TEST_F(Helped, WhatItIsNotAskedRightlyItRefusesAndGoesOn) {
  for (auto kind : {Kind::ready, Kind::reload, Kind::configuration, Kind::listener, Kind::pong}) {
    ASSERT_TRUE(here_.send({kind, 0, "/etc/shadow"}));
    auto answer = here_.receive_within(10s);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->message.kind, Kind::refused);
    EXPECT_FALSE(answer->descriptor.valid());
  }
  ASSERT_EQ(::write(here_.descriptor(), "nonsense", 8), 8);
  EXPECT_EQ(here_.receive_within(10s)->message.kind, Kind::refused);
  EXPECT_TRUE(HelperClient(here_).ping());
}

TEST(Handed, WhatIsWrittenReadsBackAndNothingElseIsUnderstood) {
  Handed handed{"hostname = \"mx.example.org\"\n", {{"/a", "x"}, {"/b", std::string(1000, '\0')}}};
  std::string octets = print_handed(handed);
  auto back = parse_handed(octets);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->config_text, handed.config_text);
  EXPECT_EQ(back->files, handed.files);
  for (std::size_t cut = 0; cut < octets.size(); ++cut)
    EXPECT_FALSE(parse_handed(std::string_view(octets).substr(0, cut))) << cut;
  EXPECT_FALSE(parse_handed(octets + "x"));
}

TEST(Handed, AProcessThatMayNotReadTakesOnlyWhatWasHandedOver) {
  Config config;
  config.handed = true;
  config.handed_files = {{"/tls/cert.pem", "chain"}};
  EXPECT_EQ(read_private_file(config, "/tls/cert.pem"), "chain");
  EXPECT_TRUE(read_private_file(config, "/etc/passwd").error().is(Error::Kind::config));
}

}  // namespace
}  // namespace posta::app
