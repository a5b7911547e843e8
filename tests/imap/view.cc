#include "imap/view.h"

#include <algorithm>

#include <fmt/format.h>

namespace posta::imap {

void View::complain(std::string what) {
  truth_.complain(fmt::format("{} in {}: {}", who_, mailbox_, what));
}

Number View::number_of(Number uid) const {
  for (Number n = 1; n <= count(); ++n)
    if (at(n).uid == uid) return n;
  return 0;
}

std::set<Number> View::uids() const {
  std::set<Number> all;
  for (const Entry& entry : entries_)
    if (entry.uid) all.insert(entry.uid);
  return all;
}

bool View::hear(const Response& response, bool expunge_allowed) {
  if (!response.number) return false;
  if (response.is("EXISTS")) {
    exists(*response.number);
  } else if (response.is("RECENT")) {
    recent_ = *response.number;
    if (recent_ > count()) complain(fmt::format("{} RECENT of {}", recent_, count()));
  } else if (response.is("EXPUNGE")) {
    if (!expunge_allowed) complain(fmt::format("{} EXPUNGE where none may come", *response.number));
    expunge(*response.number);
  } else if (response.is("FETCH")) {
    fetch(response);
  } else {
    return false;
  }
  return true;
}

// RFC 3501 §7.3.1; §7.4.1: only EXPUNGE makes a mailbox smaller.
void View::exists(Number exists) {
  if (exists < count()) complain(fmt::format("{} EXISTS, and {} were there", exists, count()));
  entries_.resize(exists);
}

void View::expunge(Number number) {
  if (number == 0 || number > count())
    return complain(fmt::format("{} EXPUNGE of {}", number, count()));
  const Entry& entry = entries_[number - 1];
  if (entry.uid) truth_.gone(mailbox_, entry.uid);
  if (entry.recent && recent_ > 0) --recent_;  // it will be told, but need not be at once
  entries_.erase(entries_.begin() + (number - 1));
  recent_ = std::min(recent_, count());
  shrunk_ = true;
}

void View::learn_uid(Number number, Number uid) {
  Entry& entry = entries_[number - 1];
  if (entry.uid == uid) return;
  if (entry.uid)
    return complain(fmt::format("message {} was uid {}, is {}", number, entry.uid, uid));
  for (Number n = 1; n <= count(); ++n) {
    Number other = at(n).uid;
    if (other && (n < number) != (other < uid))
      complain(fmt::format("message {} is uid {}, message {} is uid {}", n, other, number, uid));
  }
  entry.uid = uid;
}

// Every message says in its Subject who it is.
void View::content(const Response& response, Number uid) {
  constexpr std::string_view kMark = "Subject: imap-";
  auto token_in = [&](const Value* value) -> std::optional<std::string> {
    if (!value || value->kind != Value::Kind::text) return std::nullopt;
    std::size_t at = value->text.find(kMark);
    if (at == std::string::npos) return std::string();
    at += kMark.size();
    return value->text.substr(at, value->text.find('.', at) - at);
  };
  const Value* whole = find_item(response, "BODY[]");
  if (auto token = token_in(find_item(response, "BODY[HEADER.FIELDS (Subject)]")))
    truth_.token(mailbox_, uid, *token);
  if (auto token = token_in(whole)) truth_.token(mailbox_, uid, *token);
  const Value* size = find_item(response, "RFC822.SIZE");
  if (whole && size && size->number() != whole->text.size())
    complain(
        fmt::format("uid {}: RFC822.SIZE {} of {} octets", uid, size->text, whole->text.size()));
}

void View::fetch(const Response& response) {
  fetched_ = {};
  fetched_.number = *response.number;
  if (fetched_.number == 0 || fetched_.number > count())
    return complain(fmt::format("{} FETCH of {}", fetched_.number, count()));
  if (response.values.size() != 1 || !response.values[0].is_list() ||
      response.values[0].items.size() % 2 != 0)
    return complain(fmt::format("{} FETCH is no list of pairs", fetched_.number));
  Entry& entry = entries_[fetched_.number - 1];
  if (const Value* uid = find_item(response, "UID")) {
    fetched_.uid = static_cast<Number>(uid->number().value_or(0));
    if (fetched_.uid == 0) return complain("a UID that is none");
    learn_uid(fetched_.number, fetched_.uid);
  }
  if (const Value* mod_seq = find_item(response, "MODSEQ")) {
    if (mod_seq->is_list() && mod_seq->items.size() == 1)
      fetched_.mod_seq = mod_seq->items[0].number();
    if (!fetched_.mod_seq) return complain("a MODSEQ that is none");
    if (*fetched_.mod_seq < entry.mod_seq)
      complain(fmt::format("message {}: mod-sequence {} after {}", fetched_.number,
                           *fetched_.mod_seq, entry.mod_seq));
    entry.mod_seq = *fetched_.mod_seq;
  }
  if (const Value* flags = find_item(response, "FLAGS")) {
    FlagSet set;
    bool recent = false;
    for (const Value& flag : flags->items)
      flag.text == "\\Recent" ? (void)(recent = true) : (void)set.insert(flag.text);
    if (entry.recent && !recent)
      complain(fmt::format("message {} is recent no more", fetched_.number));
    entry.recent = recent;
    entry.flags = fetched_.flags = std::move(set);
  }
  if (!entry.uid) return;
  content(response, entry.uid);
  if (!fetched_.flags) return;
  if (fetched_.mod_seq) truth_.flags(mailbox_, entry.uid, *fetched_.mod_seq, *fetched_.flags);
  if (entry.recent && !read_only_) truth_.recent(mailbox_, entry.uid, who_);
}

}  // namespace posta::imap
