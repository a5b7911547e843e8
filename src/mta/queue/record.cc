#include "mta/queue/record.h"

#include "base/bytes.h"

namespace posta::mta {

namespace {

constexpr std::uint8_t kLetterVersion = 2;
constexpr std::uint8_t kOwedVersion = 3;
constexpr std::string_view kLetterPrefix = "Q/letter/";
constexpr std::string_view kOwedPrefix = "Q/owed/";
constexpr std::string_view kReachedPrefix = "Q/reached/";

Failure corrupt(std::string what) {
  return fail(Error::Kind::corrupt, std::move(what));
}

std::int64_t to_millis(WallTime time) {
  return time.time_since_epoch().count();
}
WallTime from_millis(std::int64_t millis) {
  return WallTime(std::chrono::milliseconds(millis));
}

void write_path(Writer& out, const ReversePath& path) {
  out.boolean(path.has_value());
  if (path) out.text(path->local).text(path->domain.str());
}

// Addresses in records were parsed before they were written; a domain that does not parse is
// damage.
std::optional<Address> read_address(Reader& in) {
  Address address;
  address.local = in.text();
  std::string_view name = in.text();
  if (!in.ok()) return std::nullopt;
  if (!name.empty()) {
    auto domain = Domain::parse(name);
    if (!domain) return std::nullopt;
    address.domain = *std::move(domain);
  }
  return address;
}

}  // namespace

std::string letter_key(QueueId id) {
  std::string key(kLetterPrefix);
  put_be64(key, id.value);
  return key;
}

std::string owed_key(QueueId id, std::uint32_t number) {
  std::string key(kOwedPrefix);
  put_be64(key, id.value);
  put_be32(key, number);
  return key;
}

store::Range owed_range(QueueId id) {
  std::string key(kOwedPrefix);
  put_be64(key, id.value);
  return store::Range::prefix(key);
}

store::Range letters_after(QueueId id) {
  store::Range range = store::Range::prefix(kLetterPrefix);
  if (id) range.begin = letter_key(QueueId(id.value + 1));
  return range;
}

store::Range all_owed() {
  return store::Range::prefix(kOwedPrefix);
}

std::string reached_key(QueueId id, AccountId account) {
  std::string key(kReachedPrefix);
  put_be64(key, id.value);
  put_be64(key, account.value);
  return key;
}

store::Range reached_range(QueueId id) {
  std::string key(kReachedPrefix);
  put_be64(key, id.value);
  return store::Range::prefix(key);
}

std::string queue_link(QueueId id) {
  std::string owner = "Q";
  put_be64(owner, id.value);
  return owner;
}

std::string encode_letter(const Letter& letter, const StoredMessage& message,
                          std::uint64_t changes) {
  Writer out(kLetterVersion);
  write_path(out, letter.envelope.from);
  out.boolean(letter.envelope.smtputf8).boolean(letter.envelope.eight_bit);
  const Origin& origin = letter.origin;
  out.octet(static_cast<std::uint8_t>(origin.via)).text(origin.peer).text(origin.helo);
  out.text(origin.protocol).number(origin.authenticated.value).boolean(origin.trusted);
  out.signed_number(to_millis(origin.received));
  out.number(message.body.id.value).number(message.body.size);
  out.number(message.thread_keys.size());
  for (auto key : message.thread_keys) out.number(key);
  out.number(message.delivered_to.size());
  for (const auto& address : message.delivered_to) out.text(address);
  out.text(message.digest ? *message.digest : std::string());
  out.number(changes);
  return out.take();
}

Result<QueuedLetter> decode_letter(QueueId id, std::string_view record) {
  Reader in(record);
  const std::uint8_t version = in.octet();
  if (version < 1 || version > kLetterVersion)
    return corrupt("a queued letter of an unknown version");
  QueuedLetter out;
  out.letter.id = id;
  if (in.boolean()) {
    auto from = read_address(in);
    if (!from) return corrupt("a queued letter with a broken sender");
    out.letter.envelope.from = std::move(from);
  }
  out.letter.envelope.smtputf8 = in.boolean();
  out.letter.envelope.eight_bit = in.boolean();
  Origin& origin = out.letter.origin;
  std::uint8_t via = in.octet();
  if (via > static_cast<std::uint8_t>(Origin::Via::internal))
    return corrupt("a letter from nowhere");
  origin.via = static_cast<Origin::Via>(via);
  origin.peer = in.text();
  origin.helo = in.text();
  origin.protocol = in.text();
  origin.authenticated = AccountId(in.number());
  origin.trusted = in.boolean();
  origin.received = from_millis(in.signed_number());
  out.message.body.id = store::BodyId(in.number());
  out.message.body.size = in.number();
  for (std::uint64_t left = in.number(); in.ok() && left > 0; --left)
    out.message.thread_keys.push_back(in.number());
  for (std::uint64_t left = in.number(); in.ok() && left > 0; --left)
    out.message.delivered_to.emplace_back(in.text());
  out.message.digest = std::make_shared<const std::string>(in.text());
  if (version >= 2) out.changes = in.number();
  out.seen = store::digest_of(record);
  if (!in.done()) return corrupt("a queued letter that is cut or too long");
  return out;
}

std::string encode_owed(const OwedRecipient& owed) {
  Writer out(kOwedVersion);
  out.text(owed.recipient.address.local).text(owed.recipient.address.domain.str());
  out.text(owed.recipient.original);
  out.number(owed.attempts).signed_number(to_millis(owed.next_attempt));
  const Reply& reply = owed.last_reply;
  out.number(static_cast<std::uint64_t>(reply.code));
  out.number(reply.status.cls).number(reply.status.subject).number(reply.status.detail);
  out.text(reply.text).boolean(owed.held);
  out.text(owed.last_host).boolean(owed.delay_told);
  out.number(static_cast<std::uint64_t>(owed.put_off.count()));
  return out.take();
}

Result<OwedRecipient> decode_owed(std::uint32_t number, std::string_view record) {
  Reader in(record);
  const std::uint8_t version = in.octet();
  if (version < 1 || version > kOwedVersion)
    return corrupt("an owed recipient of an unknown version");
  OwedRecipient out;
  out.number = number;
  auto address = read_address(in);
  if (!address) return corrupt("an owed recipient with a broken address");
  out.recipient.address = *std::move(address);
  out.recipient.original = in.text();
  out.attempts = static_cast<unsigned>(in.number());
  out.next_attempt = from_millis(in.signed_number());
  out.last_reply.code = static_cast<int>(in.number());
  out.last_reply.status.cls = static_cast<std::uint8_t>(in.number());
  out.last_reply.status.subject = static_cast<std::uint16_t>(in.number());
  out.last_reply.status.detail = static_cast<std::uint16_t>(in.number());
  out.last_reply.text = in.text();
  out.held = in.boolean();
  if (version >= 2) {
    out.last_host = in.text();
    out.delay_told = in.boolean();
  }
  if (version >= 3) out.put_off = std::chrono::milliseconds(static_cast<std::int64_t>(in.number()));
  if (!in.done()) return corrupt("an owed recipient that is cut or too long");
  return out;
}

Result<std::pair<QueueId, std::uint32_t>> parse_owed_key(std::string_view key) {
  if (!key.starts_with(kOwedPrefix) || key.size() != kOwedPrefix.size() + 12)
    return corrupt("a key among the owed recipients that is none");
  key.remove_prefix(kOwedPrefix.size());
  return std::pair(QueueId(get_be64(key)), get_be32(key.substr(8)));
}

Result<AccountId> parse_reached_key(std::string_view key) {
  if (!key.starts_with(kReachedPrefix) || key.size() != kReachedPrefix.size() + 16)
    return corrupt("a key among the reached accounts that is none");
  return AccountId(get_be64(key.substr(kReachedPrefix.size() + 8)));
}

Result<QueueId> parse_letter_key(std::string_view key) {
  if (!key.starts_with(kLetterPrefix) || key.size() != kLetterPrefix.size() + 8)
    return corrupt("a key among the queued letters that is none");
  return QueueId(get_be64(key.substr(kLetterPrefix.size())));
}

}  // namespace posta::mta
