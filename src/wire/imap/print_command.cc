// print_command.cc: commands as a client would send them.
#include <iterator>

#include <fmt/format.h>

#include "base/codec.h"
#include "base/text.h"
#include "wire/imap/command.h"
#include "wire/imap/date_time.h"
#include "wire/imap/print.h"
#include "wire/imap/utf7.h"

namespace posta::wire::imap {

namespace {

struct Flag {
  Flags::System flag;
  std::string_view name;
};
constexpr Flag kFlags[] = {{Flags::answered, "\\Answered"},
                           {Flags::flagged, "\\Flagged"},
                           {Flags::deleted, "\\Deleted"},
                           {Flags::seen, "\\Seen"},
                           {Flags::draft, "\\Draft"}};

struct Printer {
  std::string& out;

  template <class... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
  }
  void string(std::string_view text) { append_client_string(out, text); }
  void mailbox(std::string_view name) { string(encode_utf7(name)); }
  // "(a b)"
  template <class Items, class Each>
  void list(const Items& items, Each each) {
    out += '(';
    bool first = true;
    for (const auto& item : items) {
      if (!first) out += ' ';
      first = false;
      each(item);
    }
    out += ')';
  }
  void words(const std::vector<std::string>& items) {
    list(items, [&](const std::string& word) { out += word; });
  }
  void flags(std::uint8_t system, std::vector<std::string> names) {
    for (const Flag& flag : kFlags)
      if (system & flag.flag) names.emplace_back(flag.name);
    words(names);
  }
  void status_items(const StatusItems& items);

  void operator()(const Capability&) { out += "CAPABILITY"; }
  void operator()(const Noop&) { out += "NOOP"; }
  void operator()(const Logout&) { out += "LOGOUT"; }
  void operator()(const StartTls&) { out += "STARTTLS"; }
  void operator()(const Namespace&) { out += "NAMESPACE"; }
  void operator()(const Idle&) { out += "IDLE"; }
  void operator()(const Check&) { out += "CHECK"; }
  void operator()(const Close&) { out += "CLOSE"; }
  void operator()(const Unselect&) { out += "UNSELECT"; }
  void operator()(const Id& c) {
    out += "ID ";
    if (c.fields.empty()) {
      out += "NIL";
      return;
    }
    list(c.fields, [&](const auto& field) {
      string(field.first);
      out += ' ';
      if (field.second)
        string(*field.second);
      else
        out += "NIL";
    });
  }
  void operator()(const Authenticate& c) {
    say("AUTHENTICATE {}", c.mechanism);
    if (c.initial) say(" {}", c.initial->empty() ? "=" : base64_encode(*c.initial));
  }
  void operator()(const Login& c) {
    out += "LOGIN ";
    string(c.user);
    out += ' ';
    string(c.password);
  }
  void operator()(const Enable& c) { say("ENABLE {}", fmt::join(c.capabilities, " ")); }
  void operator()(const Select& c) {
    out += c.read_only ? "EXAMINE " : "SELECT ";
    mailbox(c.mailbox);
    if (c.condstore) out += " (CONDSTORE)";
  }
  void operator()(const Create& c) {
    out += "CREATE ";
    mailbox(c.mailbox);
    if (c.special_use.empty()) return;
    out += " (USE ";
    words(c.special_use);
    out += ')';
  }
  void operator()(const Delete& c) {
    out += "DELETE ";
    mailbox(c.mailbox);
  }
  void operator()(const Rename& c) {
    out += "RENAME ";
    mailbox(c.from);
    out += ' ';
    mailbox(c.to);
  }
  void operator()(const Subscribe& c) {
    out += c.on ? "SUBSCRIBE " : "UNSUBSCRIBE ";
    mailbox(c.mailbox);
  }
  void operator()(const List& c);
  void operator()(const Status& c) {
    out += "STATUS ";
    mailbox(c.mailbox);
    out += ' ';
    status_items(c.items);
  }
  void operator()(const Append& c) {
    out += "APPEND ";
    mailbox(c.mailbox);
    out += ' ';
    flags(c.system, c.keywords);
    if (c.internal_date) {
      out += ' ';
      append_date_time(out, *c.internal_date);
    }
    say(" {{{}+}}", c.octets);
  }
  void operator()(const GetQuota& c) {
    out += "GETQUOTA ";
    string(c.root);
  }
  void operator()(const GetQuotaRoot& c) {
    out += "GETQUOTAROOT ";
    mailbox(c.mailbox);
  }
  void operator()(const SetQuota& c) {
    out += "SETQUOTA ";
    string(c.root);
    out += " ()";
  }
  void operator()(const Expunge& c) {
    out += "EXPUNGE";
    if (c.uids) say(" {}", c.uids->str());
  }
  void operator()(const Fetch& c) {
    say("FETCH {} ", c.set.str());
    list(c.items, [&](const FetchItem& item) { append_fetch_item(out, item); });
    if (c.changed_since) say(" (CHANGEDSINCE {})", *c.changed_since);
  }
  void operator()(const Store& c) {
    say("STORE {} ", c.set.str());
    if (c.unchanged_since) say("(UNCHANGEDSINCE {}) ", *c.unchanged_since);
    if (c.mode != Store::Mode::replace) out += c.mode == Store::Mode::add ? '+' : '-';
    out += c.silent ? "FLAGS.SILENT " : "FLAGS ";
    flags(c.system, c.keywords);
  }
  void operator()(const Copy& c) {
    say("{} {} ", c.move ? "MOVE" : "COPY", c.set.str());
    mailbox(c.mailbox);
  }
  void operator()(const Search& c);
  void operator()(const Unknown& c) { out += c.verb; }
};

void Printer::status_items(const StatusItems& items) {
  std::vector<std::string> names;
  auto add = [&](bool wanted, std::string_view name) {
    if (wanted) names.emplace_back(name);
  };
  add(items.messages, "MESSAGES");
  add(items.recent, "RECENT");
  add(items.uid_next, "UIDNEXT");
  add(items.uid_validity, "UIDVALIDITY");
  add(items.unseen, "UNSEEN");
  add(items.highest_mod_seq, "HIGHESTMODSEQ");
  add(items.size, "SIZE");
  add(items.deleted, "DELETED");
  add(items.deleted_storage, "DELETED-STORAGE");
  words(names);
}

void Printer::operator()(const List& c) {
  auto options = [&](std::initializer_list<std::pair<bool, std::string_view>> all) {
    std::vector<std::string> names;
    for (const auto& [wanted, name] : all)
      if (wanted) names.emplace_back(name);
    return names;
  };
  out += c.lsub ? "LSUB " : "LIST ";
  auto select = options({{c.select_subscribed, "SUBSCRIBED"},
                         {c.select_remote, "REMOTE"},
                         {c.recursive_match, "RECURSIVEMATCH"},
                         {c.select_special_use, "SPECIAL-USE"}});
  if (!select.empty()) {
    words(select);
    out += ' ';
  }
  mailbox(c.reference);
  out += ' ';
  if (!c.extended) return mailbox(c.patterns.front());
  list(c.patterns, [&](const std::string& pattern) { mailbox(pattern); });
  auto returned = options({{c.return_subscribed, "SUBSCRIBED"},
                           {c.return_children, "CHILDREN"},
                           {c.return_special_use, "SPECIAL-USE"}});
  if (returned.empty() && !c.return_status) return;
  say(" RETURN ({}", fmt::join(returned, " "));
  if (c.return_status) {
    out += returned.empty() ? "STATUS " : " STATUS ";
    status_items(*c.return_status);
  }
  out += ')';
}

void Printer::operator()(const Search& c) {
  out += "SEARCH";
  if (c.esearch) {
    out += " RETURN (";
    if (c.return_min) out += "MIN ";
    if (c.return_max) out += "MAX ";
    if (c.return_all) out += "ALL ";
    if (c.return_count) out += "COUNT ";
    if (out.ends_with(' ')) out.pop_back();
    out += ')';
  }
  std::string keys;
  append_query(keys, c.query);
  if (!c.charset.empty() || !all_ascii(keys)) out += " CHARSET UTF-8";
  say(" {}", keys);
}

bool is_by_uid(const Body& body) {
  return std::visit(
      [](const auto& command) {
        if constexpr (requires { command.by_uid; })
          return command.by_uid;
        else
          return false;
      },
      body);
}

// In the order of Body's alternatives.
constexpr std::string_view kVerbs[] = {
    "CAPABILITY", "NOOP",         "LOGOUT",    "ID",     "STARTTLS", "AUTHENTICATE",
    "LOGIN",      "ENABLE",       "SELECT",    "CREATE", "DELETE",   "RENAME",
    "SUBSCRIBE",  "LIST",         "NAMESPACE", "STATUS", "APPEND",   "IDLE",
    "GETQUOTA",   "GETQUOTAROOT", "SETQUOTA",  "CHECK",  "CLOSE",    "UNSELECT",
    "EXPUNGE",    "FETCH",        "STORE",     "COPY",   "SEARCH",   "UNKNOWN"};
static_assert(std::size(kVerbs) == std::variant_size_v<Body>);

}  // namespace

std::string to_string(const Command& command) {
  std::string out = command.tag + ' ';
  const auto* expunge = std::get_if<Expunge>(&command.body);
  if (is_by_uid(command.body) || (expunge && expunge->uids)) out += "UID ";
  std::visit(Printer{out}, command.body);
  return out;
}

std::string_view verb_of(const Body& body) {
  bool by_uid = is_by_uid(body);
  if (const auto* c = std::get_if<Copy>(&body); c && c->move) return by_uid ? "UID MOVE" : "MOVE";
  if (const auto* c = std::get_if<Select>(&body); c && c->read_only) return "EXAMINE";
  if (const auto* c = std::get_if<Subscribe>(&body); c && !c->on) return "UNSUBSCRIBE";
  if (const auto* c = std::get_if<List>(&body); c && c->lsub) return "LSUB";
  if (const auto* c = std::get_if<Expunge>(&body); c && c->uids) return "UID EXPUNGE";
  if (!by_uid) return kVerbs[body.index()];
  if (std::holds_alternative<Fetch>(body)) return "UID FETCH";
  if (std::holds_alternative<Store>(body)) return "UID STORE";
  if (std::holds_alternative<Copy>(body)) return "UID COPY";
  return "UID SEARCH";
}

}  // namespace posta::wire::imap
