// Bounded: whatever octets a host says, however they are cut, an attempt ends, every recipient has
// an outcome, and the client holds no more than its buffers. Nobody is delivered to without a final
// reply of 2yz, and nothing that leaves has a bare CR or LF.
#include "base/check.h"
#include "mta/delivery/smtp_carrier.h"
#include "net/sim/peer.h"
#include "net/sim/sim_network.h"
#include "net/sim/sim_resolver.h"
#include "store/memory/memory_store.h"

using namespace posta;
using namespace posta::mta;

namespace {

using runtime::sim::SimExecutor;

runtime::Task<> host(net::Listener& listener, runtime::Executor& executor, std::string says,
                     std::string& heard) {
  auto transport = co_await listener.accept(nullptr);
  CHECK(transport);
  net::sim::Peer peer(std::make_unique<net::Stream>(executor, std::move(*transport)));
  if (!co_await peer.say(std::move(says))) co_return;
  for (;;) {
    auto more = co_await peer.stream().fill();
    heard += peer.stream().input();
    peer.stream().consume(peer.stream().input().size());
    if (!more) co_return;
  }
}

runtime::Task<> attempt(store::Store& store, SmtpCarrier& carrier, RemoteResult& result) {
  runtime::Executor& executor = co_await runtime::this_executor();
  auto body = store.new_body();
  CHECK(co_await body->write("Subject: x\r\n\r\n.a\nb\rc\r\n"));
  CHECK(co_await body->finish());
  StoredMessage message;
  message.body = body->ref();
  store::Batch batch;
  batch.take(std::move(body));
  batch.link(message.body.id, "fuzz");
  CHECK(co_await store.commit(std::move(batch)));
  Letter letter;
  letter.envelope.from = Address::parse("ann@example.org").value();
  SmtpPool pool(executor, carrier.config().limits);
  runtime::Stop stop;
  RemoteJob job{letter,
                message,
                {*Domain::parse("example.net"), nullptr},
                {*Address::parse("bob@example.net"), *Address::parse("eve@example.net")}};
  result = co_await carrier.deliver(std::move(job), pool, stop);
  co_await pool.close();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 1) return 0;
  std::string says(reinterpret_cast<const char*>(data + 1), size - 1);
  const bool promised = says.contains('2');
  SimExecutor executor(data[0]);
  NoEvents events;
  net::sim::SimNetwork network(executor);
  net::sim::SimResolver dns(executor);
  dns.add("example.net A 192.0.2.1");
  net::IpAddress ip = *net::IpAddress::parse("192.0.2.1");
  store::memory::Disk disk(1);
  auto store = *store::memory::open(disk, executor, store::memory::Options());
  SmtpCarrier carrier({*store, network, dns, events, nullptr}, {});
  auto listener = *network.host(ip).listen(executor, {ip, 25});
  std::string heard;
  RemoteResult result;
  runtime::Nursery peer(executor);
  peer.spawn(host(*listener, executor, std::move(says), heard));
  executor.run_task(attempt(*store, carrier, result));
  executor.run_task(peer.join());
  CHECK(result.each.size() == 2);
  for (const Outcome& one : result.each) {
    CHECK(one.reply.code >= 200 && !one.reply.str().empty());
    if (one.kind == Outcome::Kind::delivered) CHECK(promised && one.reply.positive());
  }
  for (std::size_t i = 0; i < heard.size(); ++i) {
    if (heard[i] == '\n') CHECK(i > 0 && heard[i - 1] == '\r');
    if (heard[i] == '\r') CHECK(i + 1 == heard.size() || heard[i + 1] == '\n');
  }
  return 0;
}
