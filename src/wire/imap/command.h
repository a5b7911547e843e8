// command.h: IMAP commands as values (RFC 3501 §9, RFC 9051 where it is wider), and their parser.
//
//   line(s) and literals --CommandReader--> one whole command --parse_command--> Command
//
// CommandReader (reader.h) frames: it knows line ends and literals only, and says when a
// synchronising literal wants its "+". The parser sees a command whole, literals in place, and
// never waits. It is told what has been announced: what has not is unknown to it.
//
// Strings are octets as they came, unquoted. Mailbox names are UTF-8: modified UTF-7 (RFC 3501
// §5.1.3) is undone here, and INBOX in any case is "INBOX".
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mail/flags.h"
#include "mail/query.h"
#include "mail/sequence_set.h"
#include "mail/time.h"
#include "wire/imap/limits.h"

namespace posta::wire::imap {

// --- any state
struct Capability {
  bool operator==(const Capability&) const = default;
};
struct Noop {
  bool operator==(const Noop&) const = default;
};
struct Logout {
  bool operator==(const Logout&) const = default;
};
struct Id {  // RFC 2971; nothing: NIL
  std::vector<std::pair<std::string, std::optional<std::string>>> fields;
  bool operator==(const Id&) const = default;
};

// --- not authenticated
struct StartTls {
  bool operator==(const StartTls&) const = default;
};
struct Authenticate {
  std::string mechanism;               // upper case
  std::optional<std::string> initial;  // base64 undone (RFC 4959); "=" is an empty one
  bool operator==(const Authenticate&) const = default;
};
struct Login {
  std::string user;
  std::string password;
  bool operator==(const Login&) const = default;
};

// --- authenticated
struct Enable {                           // RFC 5161
  std::vector<std::string> capabilities;  // upper case
  bool operator==(const Enable&) const = default;
};
struct Select {
  std::string mailbox;
  bool read_only = false;  // EXAMINE
  bool condstore = false;  // (CONDSTORE), RFC 7162 §3.1.8
  bool operator==(const Select&) const = default;
};
struct Create {
  std::string mailbox;
  std::vector<std::string> special_use;  // "\Sent" … of USE (…), RFC 6154 §3
  bool operator==(const Create&) const = default;
};
struct Delete {
  std::string mailbox;
  bool operator==(const Delete&) const = default;
};
struct Rename {
  std::string from;
  std::string to;
  bool operator==(const Rename&) const = default;
};
struct Subscribe {
  std::string mailbox;
  bool on = true;  // UNSUBSCRIBE: false
  bool operator==(const Subscribe&) const = default;
};

// STATUS items (RFC 3501 §6.3.10, RFC 7162 §3.1.7, RFC 8438).
struct StatusItems {
  bool messages = false, recent = false, uid_next = false, uid_validity = false, unseen = false,
       highest_mod_seq = false, size = false, deleted = false, deleted_storage = false;
  bool operator==(const StatusItems&) const = default;
};

// LIST in all its forms (RFC 3501 §6.3.8, RFC 5258, RFC 5819, RFC 6154), and LSUB.
struct List {
  bool lsub = false;
  std::string reference;
  std::vector<std::string> patterns;  // more than one only in the extended form
  // Selection options
  bool select_subscribed = false, select_remote = false, recursive_match = false,
       select_special_use = false;
  // Return options
  bool return_subscribed = false, return_children = false, return_special_use = false;
  std::optional<StatusItems> return_status;
  bool extended = false;  // some option or several patterns: RFC 5258's rules for the answer
  bool operator==(const List&) const = default;
};
struct Namespace {
  bool operator==(const Namespace&) const = default;
};
struct Status {
  std::string mailbox;
  StatusItems items;
  bool operator==(const Status&) const = default;
};
struct Append {
  std::string mailbox;
  std::uint8_t system = 0;  // Flags::System
  std::vector<std::string> keywords;
  std::optional<WallTime> internal_date;
  // The message itself is not here: the reader hands it over as it comes (see reader.h).
  std::uint64_t octets = 0;
  bool operator==(const Append&) const = default;
};
struct Idle {
  bool operator==(const Idle&) const = default;
};
struct GetQuota {
  std::string root;
  bool operator==(const GetQuota&) const = default;
};
struct GetQuotaRoot {
  std::string mailbox;
  bool operator==(const GetQuotaRoot&) const = default;
};
struct SetQuota {  // answered NO [NOPERM]: quotas are the administrator's
  std::string root;
  bool operator==(const SetQuota&) const = default;
};

// --- selected
struct Check {
  bool operator==(const Check&) const = default;
};
struct Close {
  bool operator==(const Close&) const = default;
};
struct Unselect {
  bool operator==(const Unselect&) const = default;
};
struct Expunge {
  std::optional<SequenceSet> uids;  // UID EXPUNGE, RFC 4315
  bool operator==(const Expunge&) const = default;
};

// What FETCH wants of one message (RFC 3501 §6.4.5), macros resolved.
struct Section {
  std::vector<std::uint32_t> part;  // {1, 2} of BODY[1.2.MIME]; empty: the message
  enum class What {
    whole,
    header,
    header_fields,
    header_fields_not,
    text,
    mime
  } what = What::whole;
  std::vector<std::string> fields;  // as written
  bool as_zero = false;             // BODY[0], BODY[2.0]: RFC 1730's name of `header`, answered so
  bool operator==(const Section&) const = default;
};
struct FetchItem {
  enum class Kind {
    flags,
    uid,
    internal_date,
    rfc822_size,
    envelope,
    body,
    bodystructure,
    mod_seq,
    section,  // BODY[…], BODY.PEEK[…]
    rfc822,
    rfc822_header,
    rfc822_text  // the old names, answered under them
  };
  Kind kind = Kind::flags;
  Section section;
  bool peek = false;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> partial;  // first octet, how many
  bool operator==(const FetchItem&) const = default;
};
struct Fetch {
  bool by_uid = false;
  SequenceSet set;
  std::vector<FetchItem> items;
  std::optional<std::uint64_t> changed_since;  // RFC 7162 §3.1.4.1
  bool operator==(const Fetch&) const = default;
};
struct Store {
  bool by_uid = false;
  SequenceSet set;
  enum class Mode { replace, add, remove } mode = Mode::replace;
  bool silent = false;
  std::uint8_t system = 0;
  std::vector<std::string> keywords;
  std::optional<std::uint64_t> unchanged_since;  // RFC 7162 §3.1.3
  bool operator==(const Store&) const = default;
};
struct Copy {
  bool by_uid = false;
  bool move = false;  // MOVE, RFC 6851
  SequenceSet set;
  std::string mailbox;
  bool operator==(const Copy&) const = default;
};
struct Search {
  bool by_uid = false;
  std::string charset;  // upper case; empty: none was named. Texts in `query` are UTF-8 already
  Query query;
  // ESEARCH (RFC 4731): nothing is set without RETURN.
  bool esearch = false;
  bool return_min = false, return_max = false, return_all = false, return_count = false;
  bool operator==(const Search&) const = default;
};

// A word that is a command, but of an extension that is not spoken here, and anything else.
struct Unknown {
  std::string verb;  // at most 32 octets
  bool operator==(const Unknown&) const = default;
};

using Body = std::variant<Capability, Noop, Logout, Id, StartTls, Authenticate, Login, Enable,
                          Select, Create, Delete, Rename, Subscribe, List, Namespace, Status,
                          Append, Idle, GetQuota, GetQuotaRoot, SetQuota, Check, Close, Unselect,
                          Expunge, Fetch, Store, Copy, Search, Unknown>;

struct Command {
  std::string tag;
  Body body;
  bool operator==(const Command&) const = default;
};

// Why it is none: BAD with the tag, or "*" if not even that could be read. Some refusals are NO
// with a response code ([BADCHARSET (…)], RFC 3501 §6.4.4).
struct Refused {
  std::string tag;   // empty: "*"
  std::string text;  // "BAD" text
  bool no = false;   // NO instead of BAD
  std::string code;  // response code without brackets; empty: none
  std::size_t at = 0;
};

struct ParseOptions {
  Limits limits;
  bool utf8 = false;  // UTF8=ACCEPT is enabled (later)
};

// `octets`: the whole command without its final CRLF; literals stand in it as they were sent,
// "{3}" CRLF "abc". APPEND's message is not in it: the command ends with the literal's
// announcement.
std::expected<Command, Refused> parse_command(std::string_view octets, const ParseOptions& options);

// The command as a client would send it (synchronising literals written as non-synchronising); it
// parses back to the same command.
std::string to_string(const Command& command);

// "UID FETCH": for logs and tables.
std::string_view verb_of(const Body& body);

}  // namespace posta::wire::imap
