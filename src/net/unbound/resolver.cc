#include "net/unbound/resolver.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unbound.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/text.h"
#include "net/dns_data.h"
#include "runtime/sleep.h"

namespace posta::net::unbound {

namespace {

constexpr int kClassIn = 1;         // RFC 1035 §3.2.4
constexpr int kRcodeNoError = 0;    // RFC 1035 §4.1.1
constexpr int kRcodeNameError = 3;  // NXDOMAIN

// One question. Its task and libunbound's callback share it; whoever is last frees it.
struct Asking {
  runtime::Bell answered;
  std::atomic<bool> done = false;
  Result<DnsAnswer> answer = fail(Error::Kind::timeout, "");
};

Result<DnsAnswer> read(const ub_result& result, std::string_view name, Dnssec dnssec) {
  if (result.bogus && dnssec == Dnssec::require)
    return fail(Error::Kind::unavailable,
                fmt::format("the answer for {} is forged or broken: {}", name,
                            result.why_bogus ? result.why_bogus : "DNSSEC says so"));
  if (result.rcode != kRcodeNoError && result.rcode != kRcodeNameError)
    return fail(Error::Kind::unavailable,
                fmt::format("the DNS could not answer for {} (code {})", name, result.rcode));
  DnsAnswer out;
  out.secure = result.secure;
  out.ttl = std::chrono::seconds(std::max(result.ttl, 0));
  out.canonical = to_lower(result.canonname ? std::string_view(result.canonname) : name);
  if (out.canonical.ends_with('.')) out.canonical.pop_back();
  out.kind = result.nxdomain ? DnsKind::no_domain : DnsKind::no_data;
  if (!result.havedata) return out;
  for (int i = 0; result.data[i]; ++i)
    out.records.emplace_back(result.data[i], static_cast<std::size_t>(result.len[i]));
  if (!out.records.empty()) out.kind = DnsKind::found;
  return out;
}

}  // namespace

struct UnboundResolver::Impl {
  explicit Impl(Options o) : options(std::move(o)) {}
  ~Impl();

  // What libunbound's callback gets.
  struct Ticket {
    std::shared_ptr<Asking> asking;
    std::string name;
    Dnssec dnssec;
  };
  static void on_answer(void* data, int error, ub_result* result);

  Result<> start();
  Result<> configure();
  Result<> set(const char* name, const std::string& value);
  void take_answers();

  const Options options;
  std::mutex starting;
  std::optional<Result<>> started;
  ub_ctx* context = nullptr;
  int ending = -1;  // an eventfd
  std::thread thread;
};

UnboundResolver::UnboundResolver(Options options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

UnboundResolver::~UnboundResolver() = default;

UnboundResolver::Impl::~Impl() {
  if (thread.joinable()) {
    eventfd_write(ending, 1);
    thread.join();
  }
  if (ending >= 0) close(ending);
  if (context) ub_ctx_delete(context);
}

Result<> UnboundResolver::Impl::set(const char* name, const std::string& value) {
  int error = ub_ctx_set_option(context, name, value.c_str());
  if (error == UB_NOERROR) return {};
  return fail(Error::Kind::config,
              fmt::format("the resolver refuses {} {}: {}", name, value, ub_strerror(error)));
}

Result<> UnboundResolver::Impl::configure() {
  // A server on this machine is as good as another one: 127.0.0.53 is what many have.
  TRY_VOID(set("do-not-query-localhost:", "no"));
  // Names of private networks are the servers' to answer.
  TRY_VOID(set("unblock-lan-zones:", "yes"));
  TRY_VOID(set("use-syslog:", "no"));
  if (ub_ctx_debuglevel(context, 0) != UB_NOERROR)
    return fail(Error::Kind::config, "the resolver cannot be kept quiet");
  for (const Endpoint& server : options.servers) {
    std::string written = fmt::format("{}@{}", server.ip.str(), server.port);
    if (int error = ub_ctx_set_fwd(context, written.c_str()); error != UB_NOERROR)
      return fail(Error::Kind::config,
                  fmt::format("the resolver cannot ask {}: {}", server.str(), ub_strerror(error)));
  }
  // Without such a file the resolver goes to the root itself.
  if (options.servers.empty()) ub_ctx_resolvconf(context, nullptr);
  if (options.dnssec != Dnssec::off && access(options.trust_anchor.c_str(), R_OK) == 0) {
    if (options.dnssec == Dnssec::use) TRY_VOID(set("val-permissive-mode:", "yes"));
    if (int error = ub_ctx_add_ta_file(context, options.trust_anchor.c_str()); error != UB_NOERROR)
      return fail(Error::Kind::config, fmt::format("the trust anchor {} cannot be used: {}",
                                                   options.trust_anchor, ub_strerror(error)));
  } else if (options.dnssec == Dnssec::require) {
    return fail(Error::Kind::config,
                fmt::format("the trust anchor {} cannot be read; install dns-root-data",
                            options.trust_anchor));
  }
  if (int error = ub_ctx_async(context, /*dothread=*/1); error != UB_NOERROR)
    return fail(Error::Kind::config, std::string("the resolver: ") + ub_strerror(error));
  for (const std::string& record : options.records)  // the last: it ends the configuration
    if (int error = ub_ctx_data_add(context, record.c_str()); error != UB_NOERROR)
      return fail(Error::Kind::config,
                  fmt::format("not a DNS record: {}: {}", record, ub_strerror(error)));
  return {};
}

Result<> UnboundResolver::Impl::start() {
  std::lock_guard lock(starting);
  if (started) return *started;
  context = ub_ctx_create();
  ending = eventfd(0, EFD_CLOEXEC);
  if (!context || ending < 0)
    started = fail(Error::Kind::unavailable, "no resources for the DNS resolver");
  else
    started = configure();
  if (*started) thread = std::thread([this] { take_answers(); });
  return *started;
}

void UnboundResolver::Impl::take_answers() {
  pollfd waiting[] = {{ub_fd(context), POLLIN, 0}, {ending, POLLIN, 0}};
  while (!(waiting[1].revents & POLLIN)) {
    if (poll(waiting, 2, -1) <= 0) continue;
    if (waiting[0].revents) ub_process(context);  // calls on_answer
  }
}

void UnboundResolver::Impl::on_answer(void* data, int error, ub_result* result) {
  std::unique_ptr<Ticket> ticket(static_cast<Ticket*>(data));
  Asking& asking = *ticket->asking;
  if (error != UB_NOERROR || !result)
    asking.answer =
        fail(Error::Kind::unavailable,
             fmt::format("the DNS could not answer for {}: {}", ticket->name, ub_strerror(error)));
  else
    asking.answer = read(*result, ticket->name, ticket->dnssec);
  ub_resolve_free(result);
  asking.done.store(true, std::memory_order_release);
  asking.answered.ring();
}

Result<> UnboundResolver::start() {
  return impl_->start();
}

Task<Result<DnsAnswer>> UnboundResolver::ask(std::string name, DnsType type, Stop* stop) {
  runtime::Executor& executor = co_await runtime::this_executor();
  if (!print_dns_name(name)) {  // RFC 1035 §2.3.4: there can be no such name
    DnsAnswer none;
    none.kind = DnsKind::no_domain;
    none.canonical = std::move(name);
    co_return none;
  }
  CO_TRY_VOID(impl_->start());
  auto asking = std::make_shared<Asking>();
  auto ticket = std::make_unique<Impl::Ticket>(asking, name, impl_->options.dnssec);
  int question = 0;
  int error = ub_resolve_async(impl_->context, name.c_str(), static_cast<int>(type), kClassIn,
                               ticket.get(), &Impl::on_answer, &question);
  if (error != UB_NOERROR)
    co_return fail(Error::Kind::unavailable,
                   fmt::format("the DNS cannot be asked for {}: {}", name, ub_strerror(error)));
  Impl::Ticket* given = ticket.release();
  auto woke = co_await asking->answered.wait_until(executor.now() + impl_->options.timeout, stop);
  if (asking->done.load(std::memory_order_acquire)) co_return std::move(asking->answer);
  // Nobody answers. If the question can be taken back, the callback will not come; else it is
  // coming just now, and frees its ticket itself.
  if (ub_cancel(impl_->context, question) == UB_NOERROR) delete given;
  if (woke == runtime::Bell::Woke::stopped)
    co_return fail(Error::Kind::cancelled, "asking the DNS was given up");
  co_return fail(Error::Kind::timeout,
                 fmt::format("no answer from the DNS for {} {}", name, to_string(type)));
}

}  // namespace posta::net::unbound
