// tls_transport.h: a transport that speaks TLS on another one. For net/tls_*.cc and tests.
//
//   shaking -- handshake done --> open -- close_notify --> ended (eof)
//      |                           |
//      +---------- failed <--------+   alert, broken record, end without close_notify (RFC 8446
//                                      §6.1: a truncation)
//
// Reading may need to write and writing may need to read, so a wait for one direction can become a
// wait for the other one below. Nothing is kept between records: OpenSSL gives its buffers back.
#pragma once

#include <optional>

#include "net/tls.h"

struct bio_method_st;
struct ssl_st;

namespace posta::net {

namespace tls {
bio_method_st* make_bio_method();
struct Generation;
}  // namespace tls

class TlsTransport final : public Transport {
 public:
  TlsTransport(Executor& executor, std::shared_ptr<TlsServer> server);
  TlsTransport(Executor& executor, std::shared_ptr<TlsClient> client, TlsPeer peer);
  ~TlsTransport() override;

  // What it speaks on; before anything else.
  void stand_on(std::unique_ptr<Transport> below);

  Transport& below() { return *below_; }

  // --- the handshake: try_read() goes on with it, and says "done" without octets when it is over
  bool shaking() const { return handshake_ && !handshake_->done; }
  // Why it failed, if it did; else nothing.
  std::optional<Error> failure() const;
  // What came of it. Once.
  TlsInfo info();

  Io try_read(std::span<char> into) override;
  Io try_write(std::string_view octets) override;
  void wait(Direction direction, Waiter& waiter) override;
  void cancel(Direction direction) override;
  void shutdown_write() override;
  const Endpoint& peer() const override { return below_->peer(); }
  const Endpoint& local() const override { return below_->local(); }

 private:
  friend struct TlsServerCallbacks;  // what OpenSSL calls
  friend struct TlsClientCallbacks;
  friend class TlsServer;
  friend class TlsClient;

  struct Handshake {                                    // known until it is over
    std::shared_ptr<const tls::Generation> generation;  // server: the certificates to choose from
    TlsPeer peer;                                       // client
    std::string end_point;  // of the certificate that was shown when the session began
    std::optional<Error> failure;
    bool done = false;
  };
  // A wait on the transport below.
  struct Below final : Waiter {
    Below(TlsTransport& o, Direction d) : owner(o), direction(d) {}
    void ready() override { owner.ready_below(direction); }
    TlsTransport& owner;
    Direction direction;
    bool waiting = false;
  };
  // Wakes who needs no octets from below.
  struct Soon final : runtime::Timer {
    explicit Soon(TlsTransport& o) : owner(o) {}
    void fire() override { owner.wake(); }
    TlsTransport& owner;
  };
  enum class State : std::uint8_t { open, ended, failed };

  void attach();
  Io shake();
  Io drain(std::span<char> into);
  Io stopped(int result, Direction& needs);
  void fail_with(Error error);
  void send_close();
  void update();
  void ready_below(Direction direction);
  void wake();
  void wake_soon(Direction direction);
  Waiter*& waiter(Direction d) { return d == Direction::read ? reader_ : writer_; }

  Executor& executor_;
  std::shared_ptr<TlsServer> server_;
  std::shared_ptr<TlsClient> client_;
  std::unique_ptr<Transport> below_;
  ssl_st* ssl_ = nullptr;
  std::unique_ptr<Handshake> handshake_;
  Waiter* reader_ = nullptr;
  Waiter* writer_ = nullptr;
  Below read_below_{*this, Direction::read};
  Below write_below_{*this, Direction::write};
  Soon soon_{*this};
  Direction reading_needs_ = Direction::read;  // when the last try said "again"
  Direction writing_needs_ = Direction::write;
  State state_ = State::open;
  bool read_again_ = false;  // reading has nothing left but what comes from below
  bool closing_ = false;     // our close_notify waits for room
  bool closed_ = false;      // shutdown_write() was called
  bool soon_read_ = false;
  bool soon_write_ = false;
};

}  // namespace posta::net
