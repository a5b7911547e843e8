#include "net/tls_transport.h"

#include "base/check.h"
#include "net/tls_library.h"

namespace posta::net {

// --- the transport below, as OpenSSL sees it

namespace tls {

namespace {

Transport& below(BIO* bio) {
  return *static_cast<Transport*>(BIO_get_data(bio));
}

int bio_read(BIO* bio, char* out, std::size_t size, std::size_t* count) {
  BIO_clear_retry_flags(bio);
  Io io = below(bio).try_read(std::span(out, size));
  *count = io.count;
  if (io.kind == Io::Kind::again) BIO_set_retry_read(bio);
  if (io.kind == Io::Kind::eof) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return io.kind == Io::Kind::done;
}

int bio_write(BIO* bio, const char* octets, std::size_t size, std::size_t* count) {
  BIO_clear_retry_flags(bio);
  Io io = below(bio).try_write(std::string_view(octets, size));
  *count = io.count;
  if (io.kind == Io::Kind::again) BIO_set_retry_write(bio);
  return io.kind == Io::Kind::done;
}

long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
  return 0;
}

int bio_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

}  // namespace

bio_method_st* make_bio_method() {
  BioMethod method(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "posta transport"));
  if (!method || !BIO_meth_set_read_ex(method.get(), bio_read) ||
      !BIO_meth_set_write_ex(method.get(), bio_write) ||
      !BIO_meth_set_ctrl(method.get(), bio_control) ||
      !BIO_meth_set_create(method.get(), bio_create))
    return nullptr;
  return method.release();
}

}  // namespace tls

// Our own BIO, and the way back from OpenSSL to us.
void TlsTransport::attach() {
  CHECK(ssl_);
  const tls::Library& library = server_ ? server_->library() : client_->library();
  BIO* bio = BIO_new(library.bio());
  CHECK(bio);
  SSL_set_bio(ssl_, bio, bio);
  CHECK(SSL_set_app_data(ssl_, this));
}

TlsTransport::~TlsTransport() {
  executor_.remove(soon_);
  SSL_free(ssl_);
}

void TlsTransport::stand_on(std::unique_ptr<Transport> below) {
  below_ = std::move(below);
  BIO_set_data(SSL_get_rbio(ssl_), below_.get());
}

// --- octets

void TlsTransport::fail_with(Error error) {
  state_ = State::failed;
  if (shaking() && !handshake_->failure) handshake_->failure = std::move(error);
}

// What OpenSSL's refusal means: try again, the end, or failure.
Io TlsTransport::stopped(int result, Direction& needs) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ: needs = Direction::read; return {Io::Kind::again};
    case SSL_ERROR_WANT_WRITE: needs = Direction::write; return {Io::Kind::again};
    case SSL_ERROR_ZERO_RETURN: state_ = State::ended; return {Io::Kind::eof};
    default: fail_with(tls::explain(ssl_)); return {Io::Kind::failed};
  }
}

Io TlsTransport::shake() {
  ERR_clear_error();
  int result = SSL_do_handshake(ssl_);
  if (result == 1) {
    handshake_->done = true;
    return {Io::Kind::done, 0};
  }
  Io io = stopped(result, reading_needs_);
  read_again_ = io.kind == Io::Kind::again;
  if (io.kind == Io::Kind::eof) fail_with({Error::Kind::closed, "the peer ended TLS at once"});
  return io;
}

Io TlsTransport::try_read(std::span<char> into) {
  read_again_ = false;
  if (state_ == State::failed && handshake_) return drain(into);
  if (state_ != State::open) return {state_ == State::ended ? Io::Kind::eof : Io::Kind::failed};
  if (shaking()) return shake();
  ERR_clear_error();
  std::size_t count = 0;
  int result = SSL_read_ex(ssl_, into.data(), into.size(), &count);
  if (result == 1) return {Io::Kind::done, count};
  Io io = stopped(result, reading_needs_);
  read_again_ = io.kind == Io::Kind::again;
  return io;
}

// After a handshake that failed: what still comes is dropped, so that closing does not reset the
// connection and take our alert from the peer's hands.
Io TlsTransport::drain(std::span<char> into) {
  constexpr int kReadsMax = 4;
  Io io;
  for (int i = 0; i < kReadsMax && io.kind == Io::Kind::done; ++i) io = below_->try_read(into);
  reading_needs_ = Direction::read;
  read_again_ = io.kind == Io::Kind::again || io.kind == Io::Kind::done;
  return {read_again_ ? Io::Kind::again : Io::Kind::failed};
}

// RFC 8446 §6.1: each side closes its own direction; after the peer's close_notify we may go on.
Io TlsTransport::try_write(std::string_view octets) {
  if (shaking() || state_ == State::failed || closed_) return {Io::Kind::failed};
  ERR_clear_error();
  std::size_t count = 0;
  int result = SSL_write_ex(ssl_, octets.data(), octets.size(), &count);
  if (result == 1) return {Io::Kind::done, count};
  return stopped(result, writing_needs_);
}

void TlsTransport::shutdown_write() {
  if (std::exchange(closed_, true)) return;
  if (state_ == State::failed || shaking()) return below_->shutdown_write();
  send_close();
}

void TlsTransport::send_close() {
  ERR_clear_error();
  int result = SSL_shutdown(ssl_);
  closing_ = result < 0 && SSL_get_error(ssl_, result) == SSL_ERROR_WANT_WRITE;
  if (!closing_) below_->shutdown_write();
  update();
}

// --- waiting

void TlsTransport::wait(Direction direction, Waiter& waiting) {
  CHECK(!waiter(direction));
  waiter(direction) = &waiting;
  // What OpenSSL has taken in already wakes nobody below; nor does a handshake that we begin.
  bool ready = direction == Direction::read && !read_again_ &&
               (shaking() || state_ != State::open || SSL_has_pending(ssl_));
  if (ready) wake_soon(direction);
  update();
}

void TlsTransport::cancel(Direction direction) {
  waiter(direction) = nullptr;
  update();
}

// Waits below for what those above need, and for nothing else.
void TlsTransport::update() {
  for (Below* below : {&read_below_, &write_below_}) {
    Direction d = below->direction;
    bool needed = (reader_ && reading_needs_ == d) || (writer_ && writing_needs_ == d) ||
                  (closing_ && d == Direction::write);
    if (needed == below->waiting) continue;
    below->waiting = needed;
    if (needed) {
      below_->wait(d, *below);
    } else {
      below_->cancel(d);
    }
  }
}

void TlsTransport::ready_below(Direction direction) {
  (direction == Direction::read ? read_below_ : write_below_).waiting = false;
  if (closing_ && direction == Direction::write) send_close();
  bool reads = reader_ && reading_needs_ == direction;
  bool writes = writer_ && writing_needs_ == direction;
  if (reads && writes) wake_soon(Direction::write);  // whoever is woken may destroy us
  if (reads) {
    std::exchange(reader_, nullptr)->ready();
  } else if (writes) {
    std::exchange(writer_, nullptr)->ready();
  }
}

void TlsTransport::wake_soon(Direction direction) {
  (direction == Direction::read ? soon_read_ : soon_write_) = true;
  if (soon_.pending()) return;
  soon_.at = executor_.now();
  executor_.add(soon_);
}

void TlsTransport::wake() {
  if (std::exchange(soon_read_, false) && reader_) {
    if (soon_write_) wake_soon(Direction::write);
    Waiter* waiting = std::exchange(reader_, nullptr);
    update();
    waiting->ready();
  } else if (std::exchange(soon_write_, false) && writer_) {
    Waiter* waiting = std::exchange(writer_, nullptr);
    update();
    waiting->ready();
  }
}

static_assert(sizeof(TlsTransport) <= 384);  // part of the budget of an idle connection

}  // namespace posta::net
